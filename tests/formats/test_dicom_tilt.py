from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from unetstudio.data.scan import Scan
from unetstudio.formats import discover, read
from unetstudio.formats.dicom.source_slices import slices_of
from unetstudio.formats.dicom.tilt import Tilt, straightened, tilted

Write = Callable[..., Path]
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
OBLIQUE = (0.8, 0.6, 0.0, -0.6, 0.8, 0.0)
SHIFT = 2.3
"""Rows from slice to slice; the pixels are 0.8 mm high."""


def head(count: int = 6) -> NDArray[np.int16]:
    """Make slices with values of their own that change from row to row."""
    z, y, x = np.indices((count, 20, 9))
    return (1000 + 100 * z + 10 * y + x).astype(np.int16)


def tilted_scan(write_series: Write, folder: Path, shift: float, orientation: tuple[float, ...]) -> Scan:
    write_series(folder, head(), orientation=orientation, shear=0.8 * shift)
    (source,) = discover([folder])
    return read(source)


def position(orientation: tuple[float, ...], shift: float, k: int, row: float) -> NDArray[np.float64]:
    """Return the place in mm of the first voxel of a row of a tilted slice."""
    right, down = np.array(orientation[:3]), np.array(orientation[3:])
    return np.array([-11, 20, 30]) + k * (np.cross(right, down) * 3 + down * 0.8 * shift) + row * 0.8 * down


@pytest.mark.parametrize("orientation", [AXIAL, SAGITTAL, OBLIQUE])
@pytest.mark.parametrize("shift", [SHIFT, -SHIFT])
def test_that_tilted_slices_become_a_straight_volume_that_keeps_every_value_in_its_place(
    tmp_path: Path, write_series: Write, orientation: tuple[float, ...], shift: float
) -> None:
    scan = tilted_scan(write_series, tmp_path / "ct", shift, orientation)
    matrix = scan.geometry.matrix
    assert scan.geometry.spacing == pytest.approx((3.0, 0.8, 0.5))
    assert np.allclose(matrix[:3, :3].T @ matrix[:3, :3], np.diag([9, 0.64, 0.25]), atol=1e-6)
    for k, row in ((0, 5), (3, 8), (5, 11)):
        at = np.linalg.inv(matrix) @ (*position(orientation, shift, k, row), 1)
        z, y = round(at[0]), int(np.floor(at[1]))
        share = at[1] - y
        mixed = (1 - share) * scan.voxels[0, z, y, 0] + share * scan.voxels[0, z, y + 1, 0]
        assert mixed == pytest.approx(head()[k, row, 0], abs=1)


def test_that_tilt_is_told_with_its_angle(tmp_path: Path, write_series: Write) -> None:
    scan = tilted_scan(write_series, tmp_path / "ct", 3 * np.tan(np.radians(15)) / 0.8, AXIAL)
    assert "tilted by 15.0 degrees (gantry tilt)" in scan.notes[0]
    assert scan.voxels.dtype == np.int16
    assert scan.array.min() == 1000


@pytest.mark.parametrize("shift", [SHIFT, -SHIFT])
def test_that_a_mask_goes_back_to_the_tilted_slices(tmp_path: Path, write_series: Write, shift: float) -> None:
    scan = tilted_scan(write_series, tmp_path / "ct", shift, AXIAL)
    (source,) = discover([tmp_path / "ct"])
    slices = slices_of(source)
    assert slices.stack.tilt is not None
    assert slices.stack.tilt.shape == scan.shape
    labels = (scan.array[0] > 1180).astype(np.uint8)
    back = tilted(labels, slices.stack.tilt)
    assert back.shape == head().shape
    wrong = (back == 1) != (head() > 1180)
    assert not wrong[np.abs(head() - 1180.0) > 8].any()  # within half a row of the edge the nearest voxel decides
    order = [read(path).voxels[0, 0, 0, 0] for path, _ in slices.frames]
    assert order == [1000, 1100, 1200, 1300, 1400, 1500]


def test_that_whole_shifts_come_back_exactly() -> None:
    voxels = head()[None]
    tilt = Tilt(tuple((float(z), 2.0 * z, float(5 - z)) for z in range(6)), (6, 30, 14), (20, 9))
    straight = straightened(voxels, tilt)
    assert np.array_equal(tilted(straight[0], tilt), voxels[0])


def test_that_slices_between_even_steps_go_back_to_the_nearest() -> None:
    tilt = Tilt(((0.0, 0.0, 0.0), (1.4, 0.0, 0.0), (4.0, 0.0, 0.0)), (5, 2, 2), (2, 2))
    voxels = np.array([0, 140, 400], np.int16)[None, :, None, None] * np.ones((1, 1, 2, 2), np.int16)
    assert straightened(voxels, tilt)[0, :, 0, 0].tolist() == [0, 100, 200, 300, 400]
    assert tilted(np.arange(5, dtype=np.uint8)[:, None, None] * np.ones((1, 2, 2), np.uint8), tilt)[:, 0, 0].tolist() == [0, 1, 4]


def test_that_a_tilt_within_the_rounding_of_directions_is_none(tmp_path: Path, write_slice: Write) -> None:
    angle = np.radians(17.3)
    normal = np.array([0, -np.sin(angle), np.cos(angle)])
    written = ["1", "0", "0", "0", f"{np.cos(angle):.2f}", f"{np.sin(angle):.2f}"]
    for k in range(6):
        write_slice(tmp_path / f"{k}", head()[k], position=3 * k * normal, ImageOrientationPatient=written)
    (source,) = discover([tmp_path])
    assert read(source).notes == ()
    assert read(source).shape == (6, 20, 9)


@pytest.mark.parametrize("written", [["1", "0", "0", "0", "1", "0"], ["0.8", "0.6", "0", "-0.6", "0.8", "0"]])
def test_that_directions_with_few_digits_hide_no_tilt(tmp_path: Path, write_slice: Write, written: list[str]) -> None:
    down = np.array(written[3:], float)
    for k in range(6):
        at = [f"{n:g}" for n in 5 * k * np.array([0, 0, 1]) + k * down]
        write_slice(tmp_path / f"{k}", head()[k], position=at, ImageOrientationPatient=written)
    (source,) = discover([tmp_path])
    assert "tilted by 11.3 degrees" in read(source).notes[0]


@pytest.mark.parametrize("degrees", [22.0, -17.0])
@pytest.mark.parametrize("heights", [tuple(range(0, 48, 4)), (0, 2, 4, 6, 8, 10, 14, 18, 22, 26)])
def test_that_a_tilted_gantry_shows_the_head_where_it_is(
    tmp_path: Path, write_slice: Write, degrees: float, heights: tuple[int, ...]
) -> None:
    """The gantry is tilted, and the table moves straight on; the head is a smooth function of the place in the patient."""

    def value(place: NDArray[np.float64]) -> NDArray[np.float64]:
        return 1000 * np.exp(-(((place - [3.0, -2.0, 20.0]) / [14.0, 11.0, 13.0]) ** 2).sum(-1))

    angle = np.radians(degrees)
    right, down = np.array([1.0, 0, 0]), np.array([0, np.cos(angle), np.sin(angle)])
    y, x = np.indices((60, 50))
    for k, height in enumerate(heights):
        origin = np.array([-25.0, -30.0 * np.cos(angle), height - 30 * np.sin(angle)])
        pixels = value(origin + y[..., None] * down + x[..., None] * right)
        where = {"orientation": (*right, *down), "position": origin, "spacing": (1.0, 1.0)}
        write_slice(tmp_path / f"{k}", np.rint(pixels).astype(np.int16), **where)
    (source,) = discover([tmp_path])
    scan = read(source)
    places = np.moveaxis(np.indices(scan.shape), 0, -1) @ scan.geometry.matrix[:3, :3].T + scan.geometry.matrix[:3, 3]
    covered = scan.array[0] > 0
    assert np.abs(scan.array[0] - value(places))[covered].max() < 30  # of 1000, by linear interpolation over 4 mm
    assert covered.sum() > 20_000
    assert f"tilted by {abs(degrees):.1f} degrees" in scan.notes[0]
