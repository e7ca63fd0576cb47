"""ROIs of ImageJ, written and read by roifile as well."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
import roifile
from roifile import ROI_OPTIONS, ROI_TYPE, ImagejRoi

from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.errors import FormatError
from unetstudio.formats import MaskDocument, MaskGrid, read_mask, recognise, write_mask
from unetstudio.formats.masks.mask_files import read_content

CLASSES = ClassTable.named(["background", "cell 3", "Gefäß/rot"], [(0, 0, 0), (200, 0, 0), (10, 20, 230)])
GRID = MaskGrid((1, 60, 80))


def square(name: str, left: int = 5, **more: int) -> ImagejRoi:
    roi = ImagejRoi.frompoints(np.array([[left, 5], [left + 25, 5], [left + 25, 20], [left, 20]]), name=name)
    for field, value in more.items():
        setattr(roi, field, value)
    return roi


def zipped(path: Path, *rois: ImagejRoi) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for roi in rois:
            archive.writestr(f"{roi.name}.roi", roi.tobytes())
    return path


def test_that_imagej_finds_each_region_by_class_slice_and_colour(tmp_path: Path) -> None:
    labels = np.zeros((3, 9, 12), np.uint8)
    labels[1, 1:6, 1:8] = 1
    labels[1, 3, 3] = 0
    labels[2, 2:4, 2:5] = 2
    write_mask(tmp_path / "cell.zip", MaskDocument(labels, Geometry((2.0, 1.0, 1.0)), CLASSES))
    ring, plain = roifile.roiread(tmp_path / "cell.zip")
    assert (ring.name, ring.position, ring.hexcolor(ring.stroke_color)) == ("cell 3 1", 2, "#c80000")
    assert ring.composite and len(ring.coordinates(multi=True)) == 2
    assert (plain.name, plain.position, plain.roitype) == ("Gefäß_rot 1", 3, ROI_TYPE.TRACED)
    assert (plain.left, plain.top, plain.right, plain.bottom) == (2, 2, 5, 4)
    assert sorted(map(tuple, plain.coordinates().tolist())) == [(2, 2), (2, 4), (5, 2), (5, 4)]
    with zipfile.ZipFile(tmp_path / "cell.zip") as archive:
        assert archive.namelist() == ["cell 3 1.roi", "Gefäß_rot 1.roi"]


@pytest.mark.parametrize("depth", [1, 3])
def test_that_masks_come_back_with_their_names_and_what_is_not_annotated(tmp_path: Path, depth: int) -> None:
    labels = np.random.default_rng(0).choice(np.array([0, 1, 2, 255], np.uint8), (depth, 11, 14))
    write_mask(tmp_path / "cell.zip", MaskDocument(labels, classes=CLASSES))
    content = read_content(tmp_path / "cell.zip", MaskGrid(labels.shape))
    assert np.array_equal(content.values, labels)
    assert content.names == {0: "background", 1: "cell 3", 2: "Gefäß/rot"}
    assert content.unknown is not None and np.array_equal(content.unknown, labels == 255)


def test_that_a_mask_of_background_alone_comes_back(tmp_path: Path) -> None:
    write_mask(tmp_path / "cell.zip", MaskDocument(np.zeros((1, 5, 6), np.uint8), classes=CLASSES))
    assert np.array_equal(read_mask(tmp_path / "cell.zip")[0], np.zeros((1, 5, 6)))


def test_that_regions_beyond_the_signed_range_of_roi_files_come_back(tmp_path: Path) -> None:
    labels = np.zeros((1, 2, 50_000), np.uint8)
    labels[0, 0, 40_000:49_000] = labels[0, 1, 100:45_000] = 1
    write_mask(tmp_path / "cell.zip", MaskDocument(labels, classes=CLASSES))
    assert np.array_equal(read_mask(tmp_path / "cell.zip")[0], labels)


def test_that_a_single_roi_of_any_shape_is_read(tmp_path: Path) -> None:
    box = {"left": 10, "top": 4, "right": 30, "bottom": 20}
    shapes = {
        375: square("cell"),
        320: ImagejRoi(roitype=ROI_TYPE.RECT, name="cell", **box),
        21 * 17: ImagejRoi(
            roitype=ROI_TYPE.RECT, name="cell", options=ROI_OPTIONS.SUB_PIXEL_RESOLUTION, xd=9.6, yd=3.6, widthd=21.0, heightd=17.0, **box
        ),
    }
    for count, roi in shapes.items():
        (tmp_path / "a.roi").write_bytes(roi.tobytes())
        content = read_content(tmp_path / "a.roi", GRID)
        assert (content.values == 1).sum() == count and content.names == {1: "cell"}
    (tmp_path / "a.roi").write_bytes(ImagejRoi(roitype=ROI_TYPE.OVAL, name="cell", **box).tobytes())
    y, x = np.mgrid[:60, :80] + 0.5
    expected = ((x - 20) / 10) ** 2 + ((y - 12) / 8) ** 2 <= 1
    assert np.array_equal(read_content(tmp_path / "a.roi", GRID).values[0] == 1, expected)


def test_that_curves_of_a_composite_are_followed(tmp_path: Path) -> None:
    k = 0.5522847498  # a circle of four curves
    path = [0, 10, 0]
    for a, b in [((10, 0), (0, 10)), ((0, 10), (-10, 0)), ((-10, 0), (0, -10)), ((0, -10), (10, 0))]:
        path += [3, a[0] + k * b[0], a[1] + k * b[1], b[0] + k * a[0], b[1] + k * a[1], *b]
    numbers = np.array([*path, 4], np.float32)
    roi = ImagejRoi(roitype=ROI_TYPE.RECT, name="cell", left=10, top=10, right=30, bottom=30)
    at = 0
    while at < len(numbers):
        step = {0: 2, 3: 6, 4: 0}[int(numbers[at])]
        numbers[at + 1 : at + 1 + step] += 20
        at += 1 + step
    roi.multi_coordinates, roi.shape_roi_size = numbers, len(numbers)
    (tmp_path / "a.roi").write_bytes(roi.tobytes())
    y, x = np.mgrid[:60, :80] + 0.5
    expected = (x - 20) ** 2 + (y - 20) ** 2 < 100
    found = read_content(tmp_path / "a.roi", GRID).values[0] == 1
    assert abs(int(found.sum()) - int(expected.sum())) <= 4 and (found & expected).sum() >= expected.sum() - 4


def test_that_classes_come_from_names_without_numbers_or_from_groups(tmp_path: Path) -> None:
    rois = [square("cell-1"), square("cell 02", 40), square("0003-0012-0045", 31, group=7), square("0004-0012-0046", 66)]
    content = read_content(zipped(tmp_path / "a.zip", *rois), GRID)
    assert content.names == {1: "cell", 7: "group 7", 8: "no name"} and content.counted
    assert content.values[0, 10, 10] == content.values[0, 10, 60] == 1
    assert "overlap" in content.notes[0] and content.values[0, 10, 33] == 7 and content.values[0, 10, 70] == 8


def test_that_positions_are_slices_and_a_roi_of_all_slices_is_refused(tmp_path: Path) -> None:
    grid = MaskGrid((3, 60, 80))
    content = read_content(zipped(tmp_path / "a.zip", square("cell 1", position=3), square("cell 2", z_position=1, c_position=1)), grid)
    assert (content.values > 0).sum((1, 2)).tolist() == [375, 0, 375]
    with pytest.raises(FormatError, match="in which slice"):
        read_content(zipped(tmp_path / "a.zip", square("cell 1")), grid)


def test_that_lines_and_splines_are_said(tmp_path: Path) -> None:
    spline = square("cell 1")
    spline.options |= ROI_OPTIONS.SPLINE_FIT
    line = ImagejRoi(roitype=ROI_TYPE.LINE, name="length")
    content = read_content(zipped(tmp_path / "a.zip", spline, line), GRID)
    assert content.notes[0].startswith("1 of its ROIs are points, lines") and "1 of its ROIs are splines" in content.notes[1]


def test_that_other_zips_are_not_taken_for_rois_and_damaged_ones_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("a.txt", "hello")
    assert recognise(tmp_path / "other.zip") is None
    path = zipped(tmp_path / "a.zip", square("cell"))
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(FormatError, match="damaged"):
        read_content(path, GRID)
