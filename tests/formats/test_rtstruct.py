"""RT structure sets of other programs are filled as they mean it, and ours come back voxel for voxel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import skimage.draw
from formats.dicom_masks import (
    CLASSES,
    DESCENDING,
    FRAME,
    OBLIQUE,
    PLACES,
    SHAPE,
    Write,
    document,
    labels,
    secrets_of,
    series,
    tilted_series,
)
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ImplicitVRLittleEndian, generate_uid

from unetstudio.data.case import Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.errors import FormatError
from unetstudio.formats import FORMATS, MaskDocument, MaskGrid, discover, read, write_mask
from unetstudio.formats.finding.recognition import format_name, stem
from unetstudio.formats.masks.mask_files import read_content, read_content_onto
from unetstudio.formats.rtstruct.fill import filled
from unetstudio.formats.rtstruct.outlines import outlines

Contour = list[tuple[float, float, float]]
GRID = MaskGrid((5, 12, 14), Geometry.from_affine(np.diag([1.0, 1.0, 1.0, 1.0])[[2, 1, 0, 3]]))
"""Voxels of 1 mm: positions are (x, y, z) of voxel (z, y, x)."""


def structure_set(path: Path, *structures: tuple[str, list[Contour]], kind: str = "CLOSED_PLANAR", numbers: Any = None) -> Path:
    """Write a structure set with contours in mm, as other programs do."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.481.3"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.StructureSetROISequence, dataset.ROIContourSequence = [], []
    for number, (name, contours) in zip(numbers or range(1, 99), structures, strict=False):
        roi, drawn = Dataset(), Dataset()
        roi.ROINumber, roi.ROIName = number, name
        drawn.ReferencedROINumber, drawn.ROIDisplayColor = number, [200, 10 * len(name), 30]
        drawn.ContourSequence = []
        for corners in contours:
            contour = Dataset()
            contour.ContourGeometricType, contour.NumberOfContourPoints = kind, len(corners)
            contour.ContourData = [f"{n:.4f}" for corner in corners for n in corner]
            drawn.ContourSequence.append(contour)
        dataset.StructureSetROISequence.append(roi)
        dataset.ROIContourSequence.append(drawn)
    dataset.save_as(path, enforce_file_format=True)
    return path


def square(z: float, low: float, high: float) -> Contour:
    return [(low, low, z), (high, low, z), (high, high, z), (low, high, z)]


def block(low: int, high: int) -> NDArray[np.bool_]:
    plane = np.zeros(GRID.shape[1:], bool)
    plane[low : high + 1, low : high + 1] = True
    return plane


# ------------------------------------------------------------------------------------------------------------ filling


def test_that_a_structure_has_its_name_colour_and_number(tmp_path: Path) -> None:
    path = structure_set(tmp_path / "a.dcm", ("GTV", [square(1, 1.5, 4.5)]), ("cord", [square(3, 6.5, 8.5)]), numbers=[4, 9])
    content = read_content(path, GRID)
    assert (dict(content.names), dict(content.colours)) == ({4: "GTV", 9: "cord"}, {4: (200, 30, 30), 9: (200, 40, 30)})
    expected = np.zeros(GRID.shape, int)
    expected[1], expected[3] = 4 * block(2, 4), 9 * block(7, 8)
    assert np.array_equal(content.values, expected)
    assert (content.notes, content.numbered) == ((), False)


def test_that_numbers_that_no_mask_can_hold_are_counted_anew(tmp_path: Path) -> None:
    path = structure_set(tmp_path / "a.dcm", ("GTV", [square(1, 1.5, 4.5)]), ("cord", [square(3, 6.5, 8.5)]), numbers=[0, 70000])
    assert read_content(path, GRID).names == {1: "GTV", 2: "cord"}


@pytest.mark.parametrize("kind", ["CLOSED_PLANAR", "CLOSEDPLANAR_XOR"])
def test_that_a_contour_in_a_contour_is_a_hole_and_one_in_it_an_island(tmp_path: Path, kind: str) -> None:
    rings = [square(2, 0.5, 9.5), square(2, 2.5, 7.5), square(2, 4.5, 5.5)]
    values = read_content(structure_set(tmp_path / "a.dcm", ("ring", rings), kind=kind), GRID).values
    assert np.array_equal(values[2], block(1, 9) ^ block(3, 7) ^ block(5, 5))
    assert not values[[0, 1, 3, 4]].any()


def test_that_a_hole_may_be_joined_to_its_outline_by_a_keyhole(tmp_path: Path) -> None:
    outer, inner = square(2, 0.5, 9.5), square(2, 2.5, 7.5)
    keyhole = [*outer, outer[0], *inner[:1], *inner[:0:-1], inner[0]]
    values = read_content(structure_set(tmp_path / "a.dcm", ("ring", [keyhole])), GRID).values
    assert np.array_equal(values[2], block(1, 9) ^ block(3, 7))


def test_that_voxels_on_an_outline_belong_to_the_structure_and_those_on_a_hole_too(tmp_path: Path) -> None:
    path = structure_set(tmp_path / "a.dcm", ("ring", [square(2, 1, 9), square(2, 3, 7)]))
    assert np.array_equal(read_content(path, GRID).values[2], block(1, 9) ^ block(4, 6))


def test_that_a_contour_that_is_there_twice_counts_once(tmp_path: Path) -> None:
    path = structure_set(tmp_path / "a.dcm", ("GTV", [square(2, 1.5, 6.5)] * 2))
    assert np.array_equal(read_content(path, GRID).values[2], block(2, 6))


def test_that_contours_between_slices_go_to_the_nearest_one(tmp_path: Path) -> None:
    path = structure_set(tmp_path / "a.dcm", ("GTV", [square(0.6, 1.5, 6.5), square(2.3, 2.5, 5.5), square(4.45, 0.5, 3.5)]))
    values = read_content(path, GRID).values
    assert np.array_equal(values[[1, 2, 4]], [block(2, 6), block(3, 5), block(1, 3)])
    assert not values[[0, 3]].any()


def test_that_of_two_planes_at_one_slice_the_nearer_one_counts(tmp_path: Path) -> None:
    path = structure_set(tmp_path / "a.dcm", ("GTV", [square(1.6, 0.5, 8.5), square(2.1, 1.5, 6.5), square(2.12, 8.5, 10.5)]))
    content = read_content(path, GRID)
    assert np.array_equal(content.values[2], block(2, 6) | block(9, 10))
    assert content.notes == ("GTV: 1 contour left out, since others lie nearer to the slice.",)


def test_that_contours_beyond_the_last_slice_are_left_out_with_a_note(tmp_path: Path) -> None:
    path = structure_set(tmp_path / "a.dcm", ("GTV", [square(4, 1.5, 6.5), square(4.6, 1.5, 6.5), square(3, -3.5, 2.5)]))
    content = read_content(path, GRID)
    assert np.array_equal(content.values[3:], [block(0, 2), block(2, 6)])
    assert content.notes == ("GTV: 2 contours beyond the image, where nothing was drawn.",)


def test_that_slices_left_out_by_the_contours_are_mentioned(tmp_path: Path) -> None:
    path = structure_set(tmp_path / "a.dcm", ("GTV", [square(z, 1.5, 6.5) for z in (0, 2, 4)]))
    assert "no two neighbouring slices" in read_content(path, GRID).notes[0]


@pytest.mark.parametrize("axis", [1, 2])
def test_that_sagittal_and_coronal_contours_are_filled_in_their_planes(tmp_path: Path, axis: int) -> None:
    flat = [(1.5, 0.5), (1.5, 3.5), (4.5, 3.5), (4.5, 0.5)]  # across, z
    contours = [[(across, plane, z) if axis == 1 else (plane, across, z) for across, z in flat] for plane in (5.0, 6.0)]
    values = read_content(structure_set(tmp_path / "a.dcm", ("disc", contours)), GRID).values
    expected = np.zeros(GRID.shape, bool)
    expected[(slice(1, 4), slice(5, 7), slice(2, 5)) if axis == 1 else (slice(1, 4), slice(2, 5), slice(5, 7))] = True
    assert np.array_equal(values, expected)


def test_that_points_and_open_lines_are_left_out_with_a_note(tmp_path: Path) -> None:
    first = pydicom.dcmread(structure_set(tmp_path / "p.dcm", ("marks", [[(3, 3, 1)], square(2, 1.5, 4.5)])))
    first.ROIContourSequence[0].ContourSequence[0].ContourGeometricType = "POINT"
    line = Dataset()
    line.ContourGeometricType, line.ContourData = "OPEN_PLANAR", [1, 1, 3, 2, 2, 3, 3, 3, 3]
    first.ROIContourSequence[0].ContourSequence.append(line)
    first.save_as(tmp_path / "p.dcm")
    content = read_content(tmp_path / "p.dcm", GRID)
    assert content.values.sum() == 9
    assert content.notes == ("marks: 1 point and 1 open line left out, which enclose no area.",)


def test_that_structures_without_contours_are_named(tmp_path: Path) -> None:
    content = read_content(structure_set(tmp_path / "a.dcm", ("GTV", [square(2, 1.5, 4.5)]), ("empty", [])), GRID)
    assert content.names == {1: "GTV"}
    assert content.notes == ("Without closed contours, and left out: empty.",)


@pytest.mark.parametrize("order", [1, -1])
def test_that_a_structure_in_another_stays_visible_whatever_their_order(tmp_path: Path, order: int) -> None:
    body, organ = ("body", [square(2, 0.5, 9.5)]), ("organ", [square(2, 3.5, 5.5)])
    content = read_content(structure_set(tmp_path / "a.dcm", *(body, organ)[::order]), GRID)
    named = {name: number for number, name in content.names.items()}
    assert np.array_equal(content.values[2] == named["organ"], block(4, 5))
    assert np.array_equal(content.values[2] != 0, block(1, 9))
    assert content.notes == ("Structures overlap in 4 voxels, where the smaller structure was kept.",)


def test_that_outlines_elsewhere_or_oblique_are_refused(tmp_path: Path) -> None:
    for contour, words in (
        (square(40, 1.5, 6.5), "lie elsewhere than the image"),
        ([(x + 100, y, z) for x, y, z in square(2, 1.5, 6.5)], "lie elsewhere than the image"),
        ([(1.0, 1.0, 0.0), (9.0, 1.0, 4.0), (9.0, 8.0, 4.0), (1.0, 8.0, 0.0)], "oblique to the image"),
    ):
        with pytest.raises(FormatError, match=words):
            read_content(structure_set(tmp_path / "a.dcm", ("GTV", [contour])), GRID)
    with pytest.raises(FormatError, match="no closed outlines"):
        read_content(structure_set(tmp_path / "a.dcm", ("GTV", [])), GRID)


def test_that_outlines_need_their_image(tmp_path: Path) -> None:
    path = structure_set(tmp_path / "a.dcm", ("GTV", [square(2, 1.5, 4.5)]))
    with pytest.raises(FormatError, match="need the image that they were drawn on"):
        read_content(path)
    with pytest.raises(FormatError, match="open the DICOM image"):
        read_content(path, MaskGrid(GRID.shape))


@pytest.mark.parametrize("seed", range(20))
def test_that_filling_agrees_with_another_rasteriser(seed: int) -> None:
    random = np.random.default_rng(seed)
    angles = np.sort(random.uniform(0, 2 * np.pi, 9))
    star = np.array([14.0, 15.0]) + random.uniform(3, 20, (9, 1)) * np.stack([np.sin(angles), np.cos(angles)], axis=1)
    ours, inside = filled([star], (30, 31)), skimage.draw.polygon2mask((30, 31), star)
    assert not (inside & ~ours).any()
    assert np.count_nonzero(ours & ~inside) <= 1  # a centre that is nearly on the outline


# ------------------------------------------------------------------------------------------------------------ writing


def test_that_outlines_run_along_the_edges_of_pixels() -> None:
    (outline,) = outlines(np.pad(np.ones((2, 3), bool), 1))
    assert sorted(map(tuple, outline.tolist())) == [(0.5, 0.5), (0.5, 3.5), (2.5, 0.5), (2.5, 3.5)]


@pytest.mark.parametrize("seed", range(5))
def test_that_outlines_of_any_mask_fill_to_the_same_mask(seed: int) -> None:
    mask = np.random.default_rng(seed).random((23, 31)) < 0.2 + 0.15 * seed
    assert np.array_equal(filled(outlines(mask), mask.shape), mask)
    assert all((np.mod(corners, 1) == 0.5).all() for corners in outlines(mask))


@pytest.mark.parametrize("identified", [False, True])
@pytest.mark.parametrize(("orientation", "depth", "step"), PLACES)
def test_that_what_is_written_comes_back(
    tmp_path: Path, write_series: Write, orientation: tuple[float, ...], depth: int, step: float, identified: bool
) -> None:
    source, grid = series(write_series, tmp_path / "ct", orientation=orientation, depth=depth, step=step)
    values = labels((depth, 7, 9))
    path = tmp_path / "a.rtstruct.dcm"
    write_mask(path, document(source, grid, values, identified=identified))
    content = read_content_onto(path, grid)
    assert np.array_equal(content.values, values)
    assert (dict(content.names), content.colours[2], content.notes) == ({1: "nerve", 2: "vessel"}, (221, 130, 101), ())


@pytest.mark.parametrize("orientation", [OBLIQUE, DESCENDING])
def test_that_another_rasteriser_finds_the_same_voxels_on_the_slices_named(
    tmp_path: Path, write_series: Write, orientation: tuple[float, ...]
) -> None:
    source, grid = series(write_series, tmp_path / "ct", orientation=orientation)
    write_mask(tmp_path / "a.rtstruct.dcm", document(source, grid, labels(), identified=True))
    slices = {one.SOPInstanceUID: one for one in map(pydicom.dcmread, FORMATS["dicom"].files(source))}
    inverse = np.linalg.inv(grid.geometry.matrix)
    found = np.zeros((3, *SHAPE), bool)
    for structure in pydicom.dcmread(tmp_path / "a.rtstruct.dcm").ROIContourSequence:
        for contour in structure.ContourSequence:
            corners = np.array(contour.ContourData, float).reshape(-1, 3)
            named = slices[contour.ContourImageSequence[0].ReferencedSOPInstanceUID]
            normal = np.cross(named.ImageOrientationPatient[:3], named.ImageOrientationPatient[3:])
            assert np.abs((corners - named.ImagePositionPatient) @ normal).max() < 1e-3
            assert contour.NumberOfContourPoints == len(corners)
            index = corners @ inverse[:3, :3].T + inverse[:3, 3]
            k = round(float(index[0, 0]))
            found[structure.ReferencedROINumber, k] ^= skimage.draw.polygon2mask(SHAPE[1:], index[:, 1:])
    assert np.array_equal(found[1:], [labels() == 1, labels() == 2])


def test_that_a_contour_of_any_length_is_written(tmp_path: Path, write_slice: Write) -> None:
    source = Source(write_slice(tmp_path / "a.dcm", np.zeros((200, 200), np.int16), SliceThickness=2.0))
    scan = read(source)
    values = (np.random.default_rng(0).random((1, 200, 200)) < 0.42).astype(np.uint8)
    write_mask(tmp_path / "m.rtstruct.dcm", MaskDocument(values, scan.geometry, CLASSES, source))
    sizes = [
        len(contour.get_item("ContourData").value)
        for contour in pydicom.dcmread(tmp_path / "m.rtstruct.dcm").ROIContourSequence[0].ContourSequence
    ]
    assert max(sizes) > 2**16
    assert np.array_equal(read_content_onto(tmp_path / "m.rtstruct.dcm", MaskGrid(scan.shape, scan.geometry)).values, values)


def test_that_labels_on_a_straightened_volume_go_to_the_tilted_slices_and_back(tmp_path: Path, write_series: Write) -> None:
    source, grid, values = tilted_series(write_series, tmp_path / "ct")
    path = tmp_path / "a.rtstruct.dcm"
    write_mask(path, document(source, grid, values))
    positions = {round(float(one.ImagePositionPatient[2])): one for one in map(pydicom.dcmread, FORMATS["dicom"].files(source))}
    found = np.zeros((3, *SHAPE), bool)
    for structure in pydicom.dcmread(path).ROIContourSequence:
        for contour in structure.ContourSequence:
            corners = np.array(contour.ContourData, float).reshape(-1, 3)
            origin = np.array(positions[round(float(corners[0, 2]))].ImagePositionPatient, float)
            k = round((origin[2] - 30) / 3)
            found[structure.ReferencedROINumber, k] ^= skimage.draw.polygon2mask(SHAPE[1:], (corners - origin)[:, [1, 0]] / [0.8, 0.5])
    assert np.array_equal(found[1:], [labels() == 1, labels() == 2])
    assert np.array_equal(read_content_onto(path, grid).values, values)


@pytest.mark.parametrize("identified", [False, True])
def test_that_the_patient_is_named_only_when_the_user_says_so(tmp_path: Path, write_series: Write, identified: bool) -> None:
    source, grid = series(write_series, tmp_path / "ct")
    path = tmp_path / "a.rtstruct.dcm"
    write_mask(path, document(source, grid, labels(), identified=identified))
    written = pydicom.dcmread(path)
    assert (str(written.PatientName), written.PatientID) == (("Doe^Canary", "CANARY-1") if identified else ("ANONYMOUS", "ANONYMOUS"))
    (frame,) = written.ReferencedFrameOfReferenceSequence
    assert (frame.FrameOfReferenceUID == FRAME, "RTReferencedStudySequence" in frame) == (identified, identified)
    secrets, data = secrets_of(source), path.read_bytes()
    assert [secret in data for secret in secrets] == [identified] * len(secrets)


def test_that_it_names_the_series_that_it_was_drawn_on(tmp_path: Path, write_series: Write) -> None:
    source, grid = series(write_series, tmp_path / "ct")
    other, _ = series(write_series, tmp_path / "other", series="1.2.4")
    rtstruct = FORMATS["rtstruct"]
    named, anonymous = tmp_path / "a.rtstruct.dcm", tmp_path / "b.rtstruct.dcm"
    write_mask(named, document(source, grid, labels(), identified=True))
    write_mask(anonymous, document(source, grid, labels()))
    assert [rtstruct.refers_to(named, one) for one in (source, other)] == [True, False]
    assert rtstruct.refers_to(anonymous, source) is True
    content = read_content_onto(named, MaskGrid(grid.shape, grid.geometry, other))
    assert "drawn on another series" in content.notes[0]


def test_that_a_structure_set_is_never_an_image(tmp_path: Path, write_series: Write) -> None:
    source, grid = series(write_series, tmp_path / "ct")
    path = tmp_path / "ct" / "case.rtstruct.dcm"
    write_mask(path, document(source, grid, labels()))
    assert (format_name(path), stem(path)) == ("rtstruct", "case")
    assert discover([tmp_path / "ct"]) == [source]
    for attempt in (lambda: discover([path]), lambda: read(path)):
        with pytest.raises(FormatError, match=r"and no image; open its image first"):
            attempt()


@pytest.mark.parametrize("name", ["x" * 90, "left\\right", "Größe 肝臓", "a^b=c"])
def test_that_long_and_odd_names_come_back(tmp_path: Path, write_series: Write, name: str) -> None:
    source, grid = series(write_series, tmp_path / "ct")
    classes = ClassTable.named(["background", name], [(0, 0, 0), (1, 200, 3)])
    write_mask(tmp_path / "a.rtstruct.dcm", MaskDocument(np.minimum(labels(), 1), grid.geometry, classes, source))
    assert read_content(tmp_path / "a.rtstruct.dcm", grid).names == {1: name}


def test_that_an_image_without_a_place_is_refused(tmp_path: Path, write_slice: Write) -> None:
    source = Source(write_slice(tmp_path / "a.dcm", np.ones((7, 9), np.uint16), ImagePositionPatient=None))
    scan = read(source)
    with pytest.raises(FormatError, match="does not say where it lies in the patient"):
        write_mask(tmp_path / "m.rtstruct.dcm", MaskDocument(labels((1, 7, 9)), scan.geometry, CLASSES, source))
    with pytest.raises(FormatError, match="only for a DICOM image"):
        write_mask(tmp_path / "m.rtstruct.dcm", MaskDocument(labels((1, 7, 9))))
