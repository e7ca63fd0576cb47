"""Segmentations of 3D Slicer, as it writes and reads them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nrrd
import numpy as np
import pytest
from formats.itk import GEOMETRIES
from numpy.typing import NDArray

from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.errors import FormatError
from unetstudio.formats import FORMATS, MaskDocument, MaskGrid, discover, write_mask
from unetstudio.formats.finding.recognition import recognise
from unetstudio.formats.masks.mask_files import read_content, read_content_onto

CLASSES = ClassTable.named(["background", "liver", "left kidney"], [(0, 0, 0), (200, 60, 60), (51, 102, 255)])


def test_that_a_segmentation_keeps_names_and_colours(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    labels = (phantom % 3).astype(np.uint8)
    labels[0, 0, :4] = 255
    labels[4] = np.minimum(labels[4], 1)
    path = tmp_path / "mask.seg.nrrd"
    write_mask(path, MaskDocument(labels, GEOMETRIES[0], CLASSES))
    found = read_content(path)
    assert found.names == {1: "liver", 2: "left kidney"}
    assert found.colours == {1: (200, 60, 60), 2: (51, 102, 255)}
    assert np.array_equal(found.values, labels)
    assert found.unknown is not None
    assert np.array_equal(found.unknown, labels == 255)
    header = nrrd.read_header(str(path))
    assert header["Segment1_Name"] == "left kidney"
    assert header["Segment1_LabelValue"] == "2"
    assert header["Segment1_Extent"] == "2 8 0 6 0 3"
    assert header["Segment2_Name"] == "not annotated"
    assert header["Segmentation_ReferenceImageExtentOffset"] == "0 0 0"
    assert header["Segmentation_ContainedRepresentationNames"] == "Binary labelmap|"
    assert [float(part) for part in header["Segment1_Color"].split()] == pytest.approx([0.2, 0.4, 1.0])


def test_that_a_structure_that_nobody_painted_is_an_empty_segment(tmp_path: Path) -> None:
    write_mask(tmp_path / "a.seg.nrrd", MaskDocument(np.zeros((2, 3, 4), np.uint8), GEOMETRIES[0], CLASSES))
    assert nrrd.read_header(str(tmp_path / "a.seg.nrrd"))["Segment0_Extent"] == "0 -1 0 -1 0 -1"
    assert read_content(tmp_path / "a.seg.nrrd").names == {1: "liver", 2: "left kidney"}


def segmentation(path: Path, layers: NDArray[np.uint8], **keys: str) -> Path:
    """A segmentation as 3D Slicer writes it: layers first when there are several."""
    many = layers.ndim == 4
    header: dict[str, Any] = {
        "space": "left-posterior-superior",
        "kinds": [*(["list"] if many else []), "domain", "domain", "domain"],
        "space directions": np.vstack([np.full((int(many), 3), np.nan), np.diag([0.5, 0.8, 3.0])]),
    }
    nrrd.write(str(path), layers.transpose(0, 3, 2, 1) if many else layers.T, header | keys)
    return path


def test_that_layers_are_laid_over_each_other_and_the_overlap_is_told(tmp_path: Path) -> None:
    layers = np.zeros((2, 3, 4, 5), np.uint8)
    layers[0, :, :2], layers[0, :, 3], layers[1, :, 1:3] = 1, 2, 1
    keys = {"Segment0_Name": "organ", "Segment0_LabelValue": "1", "Segment0_Layer": "0", "Segment0_Color": "1 0 0"}
    keys |= {"Segment1_Name": "bone", "Segment1_LabelValue": "2", "Segment1_Layer": "0"}
    keys |= {"Segment2_Name": "tumour", "Segment2_LabelValue": "1", "Segment2_Layer": "1"}
    found = read_content(segmentation(tmp_path / "a.seg.nrrd", layers, **keys))
    assert found.names == {1: "organ", 2: "bone", 3: "tumour"}
    assert np.array_equal(found.values[0].max(axis=1), [1, 3, 3, 2])
    assert found.colours == {1: (255, 0, 0)}
    assert "15 voxels" in found.notes[0]


def test_that_values_of_segments_are_those_of_the_file(tmp_path: Path) -> None:
    layers = np.zeros((3, 4, 5), np.uint8)
    layers[0], layers[1] = 7, 3
    keys = {"Segment0_Name": "seven", "Segment0_LabelValue": "7", "Segment1_Name": "three", "Segment1_LabelValue": "3"}
    found = read_content(segmentation(tmp_path / "a.seg.nrrd", layers, **keys))
    assert np.array_equal(found.values, layers)
    assert found.names == {7: "seven", 3: "three"}
    assert found.notes == ()


def test_that_older_segmentations_have_a_layer_each(tmp_path: Path) -> None:
    layers = np.zeros((2, 3, 4, 5), np.uint8)
    layers[0, 0], layers[1, 1] = 1, 1
    found = read_content(segmentation(tmp_path / "a.seg.nrrd", layers, Segment0_Name="one", Segment1_Name="two"))
    assert [int(plane.max()) for plane in found.values] == [1, 2, 0]
    assert found.names == {1: "one", 2: "two"}


def test_that_segmentations_are_told_from_volumes_however_long_their_header_is(tmp_path: Path) -> None:
    layers = np.ones((3, 4, 5), np.uint8)
    long = {f"aa{n}": "x" * 200 for n in range(30)}
    for name, keys in (("a.nrrd", long | {"Segment0_Name": "one"}), ("b.seg.nrrd", long)):
        path = segmentation(tmp_path / name, layers, **keys)
        assert recognise(path) == (("seg_nrrd", FORMATS["seg_nrrd"]) if name == "a.nrrd" else ("nrrd", FORMATS["nrrd"]))
    write_mask(tmp_path / "c.seg.nrrd", MaskDocument(layers, classes=CLASSES))
    assert tmp_path / "c.seg.nrrd" not in [source.path for source in discover([tmp_path])]


def test_that_names_of_any_kind_come_back(tmp_path: Path) -> None:
    classes = ClassTable.named(["none", "a:=b\\n µ", "zwei  Worte"], [(0, 0, 0), (1, 2, 3), (4, 5, 6)])
    write_mask(tmp_path / "a.seg.nrrd", MaskDocument(np.ones((1, 3, 4), np.uint8), classes=classes))
    assert read_content(tmp_path / "a.seg.nrrd").names == {1: "a:=b\\n µ", 2: "zwei Worte"}


@pytest.mark.parametrize("flipped", [False, True])
def test_that_a_cropped_segmentation_is_put_back_into_its_scan(tmp_path: Path, phantom: NDArray[np.int16], flipped: bool) -> None:
    labels, scan = np.zeros((5, 7, 9), np.uint8), GEOMETRIES[0]
    labels[1:4, 2:6, 3:8] = (phantom % 3)[1:4, 2:6, 3:8]
    matrix = scan.matrix
    matrix[:3, 3] += matrix[:3, :3] @ (1, 2, 3)
    part = labels[1:4, 2:6, 3:8]
    if flipped:
        part = part[::-1]
        matrix[:3, 3] += matrix[:3, :3] @ (2, 0, 0)
        matrix[:3, 0] *= -1
    write_mask(tmp_path / "a.seg.nrrd", MaskDocument(np.ascontiguousarray(part), Geometry.from_affine(matrix), CLASSES))
    found = read_content_onto(tmp_path / "a.seg.nrrd", MaskGrid((5, 7, 9), scan))
    assert np.array_equal(found.values, labels)
    assert "a part of the image" in found.notes[0]


def test_that_a_segmentation_that_reaches_beyond_the_scan_is_refused(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    write_mask(tmp_path / "a.seg.nrrd", MaskDocument((phantom % 3).astype(np.uint8), GEOMETRIES[0], CLASSES))
    for step, sentence in (((1, 0, 0), "lies elsewhere"), ((0, 0, 0.4), "lies elsewhere")):
        matrix = GEOMETRIES[0].matrix
        matrix[:3, 3] += matrix[:3, :3] @ step
        with pytest.raises(FormatError, match=sentence):
            read_content_onto(tmp_path / "a.seg.nrrd", MaskGrid((5, 7, 9), Geometry.from_affine(matrix)))
    with pytest.raises(FormatError, match="the mask is 9 x 7 x 5 and the image 9 x 7 x 4"):
        read_content_onto(tmp_path / "a.seg.nrrd", MaskGrid((4, 7, 9), GEOMETRIES[0]))


@pytest.mark.parametrize("overlapping", [False, True])
def test_that_segmentations_of_mitk_keep_names_and_colours(tmp_path: Path, overlapping: bool) -> None:
    layers = np.zeros((2, 3, 4, 5), np.uint16)
    layers[0, 0], layers[0, 1], layers[1, 2] = 1, 2, 3
    layers[1, 1] = 3 if overlapping else 0
    labels = [{"name": f"label {n}", "value": n, "color": {"type": "ColorProperty", "value": [0, 0.2 * n, 1]}} for n in (1, 2, 3)]
    keys = {"modality": "org.mitk.multilabel.segmentation", "org.mitk.multilabel.segmentation.version": "1"}
    keys["org.mitk.multilabel.segmentation.labelgroups"] = json.dumps([{"labels": labels[:2]}, {"labels": labels[2:]}])
    header = {"kinds": ["vector", "domain", "domain", "domain"], "space": "left-posterior-superior"}
    header["space directions"] = np.vstack([np.full((1, 3), np.nan), np.diag([0.5, 0.8, 3.0])])
    nrrd.write(str(tmp_path / "a.nrrd"), layers.transpose(0, 3, 2, 1), header | keys)
    found = read_content(tmp_path / "a.nrrd")
    assert [int(plane.max()) for plane in found.values] == ([1, 3, 3] if overlapping else [1, 2, 3])
    assert found.names == {1: "label 1", 2: "label 2", 3: "label 3"}
    assert found.colours[2] == (0, 102, 255)
    assert bool(found.notes) is overlapping


@pytest.mark.parametrize("text", ["nonsense", "{}", '[{"labels": [{"value": "x"}]}]'])
def test_that_a_damaged_description_of_segments_is_told(tmp_path: Path, text: str) -> None:
    nrrd.write(str(tmp_path / "a.nrrd"), np.ones((5, 4, 3), np.uint8), {"org.mitk.multilabel.segmentation.labelgroups": text})
    with pytest.raises(FormatError, match="segments are not described"):
        read_content(tmp_path / "a.nrrd")
