"""The data set folder of nnU-Net, as its own check of a data set reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import nibabel
import numpy as np
import pytest
import SimpleITK
import tifffile

from unetstudio.data.case import Case, Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.errors import FormatError, UserError
from unetstudio.formats import FORMATS, MaskDocument, read

CLASSES = ClassTable.named(["nothing", "cell", "ignore", "scar"], [(0, 0, 0)] * 4).removed(1)
RNG = np.random.default_rng(0)


def case_of(path: Path, kind: str = "") -> Case:
    scan = read(path)
    return Case(path.name, path.name, Source(path), "", scan.shape, scan.voxels.shape[0], kind or scan.kind, scan.geometry)


def nifti(path: Path, shape: tuple[int, ...] = (5, 6, 4)) -> Path:
    affine = np.diag([0.5, 0.8, 3.0, 1.0])
    affine[:3, 3] = (7, -8, 9)
    image = nibabel.Nifti1Image(RNG.integers(-900, 900, shape).astype(np.int16), affine)
    nibabel.save(image, path)
    return path


def write(folder: Path, cases: list[Case], labels: list[np.ndarray]) -> tuple[dict[str, Any], Path]:
    nnunet, stems = FORMATS["nnunet"], [f"case{n}" for n in range(len(cases))]
    documents = [
        (stem, MaskDocument(mask, case.geometry, CLASSES, case.source)) for stem, case, mask in zip(stems, cases, labels, strict=True)
    ]
    collector = nnunet.collector(folder, cases)
    paths = [path for stem, document in documents for path in collector.add(stem, document)]
    paths += collector.finish()
    assert sorted(str(path.relative_to(folder)) for path in paths) == sorted(nnunet.collection(cases, stems))
    (whole,) = folder.iterdir()
    return json.loads((whole / "dataset.json").read_text()), whole


def test_that_volumes_have_matching_headers_and_labels_counted_in_order(tmp_path: Path) -> None:
    cases = [case_of(nifti(tmp_path / f"{name}.nii.gz"), "DICOM CT") for name in "ab"]
    labels = [RNG.choice(np.array([0, 2, 3, 255], np.uint8), case.shape) for case in cases]
    description, whole = write(tmp_path / "out", cases, labels)
    assert description["channel_names"] == {"0": "CT"}
    assert description["labels"] == {"background": 0, "ignore class": 1, "scar": 2, "ignore": 3}
    assert (description["numTraining"], description["file_ending"]) == (2, ".nii.gz")
    for n, (case, mask) in enumerate(zip(cases, labels, strict=True)):
        image = SimpleITK.ReadImage(str(whole / "imagesTr" / f"case{n}_0000.nii.gz"))
        segmentation = SimpleITK.ReadImage(str(whole / "labelsTr" / f"case{n}.nii.gz"))
        original = SimpleITK.ReadImage(str(case.source.path))
        for other in (segmentation, original):
            assert np.allclose(image.GetOrigin(), other.GetOrigin()) and np.allclose(image.GetDirection(), other.GetDirection())
            assert np.allclose(image.GetSpacing(), other.GetSpacing())
        assert np.array_equal(SimpleITK.GetArrayFromImage(image), SimpleITK.GetArrayFromImage(original))
        found = SimpleITK.GetArrayFromImage(segmentation)
        for stored, value in [(0, 0), (1, 2), (2, 3), (3, 255)]:
            assert np.array_equal(found == stored, mask == value)


def test_that_pictures_stay_pictures_with_colours_in_one_file(tmp_path: Path) -> None:
    pixels = RNG.integers(0, 256, (6, 7, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), pixels)
    case = case_of(tmp_path / "a.png")
    mask = RNG.choice(np.array([0, 2, 3], np.uint8), case.shape)
    description, whole = write(tmp_path / "out", [case], [mask])
    assert description["channel_names"] == {"0": "R", "1": "G", "2": "B"} and description["file_ending"] == ".png"
    assert "ignore" not in description["labels"]
    assert np.array_equal(cv2.imread(str(whole / "imagesTr" / "case0_0000.png"), -1), pixels)
    assert np.array_equal(cv2.imread(str(whole / "labelsTr" / "case0.png"), -1), np.array([0, 9, 1, 2])[mask[0]])


def test_that_pictures_of_other_kinds_and_mixtures_become_nifti_with_a_file_for_each_channel(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", RNG.normal(0, 1, (2, 6, 7)).astype(np.float32), metadata={"axes": "CYX"}, ome=True)
    case = case_of(tmp_path / "a.tif")
    assert case.channels == 2
    _, whole = write(tmp_path / "out", [case], [np.zeros(case.shape, np.uint8)])
    assert sorted(path.name for path in (whole / "imagesTr").iterdir()) == ["case0_0000.nii.gz", "case0_0001.nii.gz"]
    second = nibabel.load(whole / "imagesTr" / "case0_0001.nii.gz")
    assert np.array_equal(np.asarray(second.dataobj)[..., 0].T, tifffile.imread(tmp_path / "a.tif")[1])


def test_that_images_with_different_channels_are_no_data_set(tmp_path: Path) -> None:
    case = case_of(nifti(tmp_path / "a.nii.gz"))
    other = Case("b", "b", case.source, "", case.shape, 3)
    with pytest.raises(UserError, match="same number of channels"):
        FORMATS["nnunet"].collection([case, other], ["a", "b"])


def test_that_an_image_of_another_size_is_not_paired_with_labels(tmp_path: Path) -> None:
    case = case_of(nifti(tmp_path / "a.nii.gz"))
    document = MaskDocument(np.zeros((9, 6, 5), np.uint8), Geometry(), CLASSES, case.source)
    with pytest.raises(FormatError, match="another size"):
        FORMATS["nnunet"].collector(tmp_path, [case]).add("a", document)
