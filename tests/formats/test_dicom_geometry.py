from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from unetstudio.data.display_window import automatic_window
from unetstudio.data.scan import Scan
from unetstudio.formats import discover, read

Write = Callable[..., Path]
OBLIQUE = (0.8, 0.6, 0.0, -0.6, 0.8, 0.0)
TWISTED = (0.866025, 0.5, 0.0, -0.25, 0.433013, -0.866025)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)


def only(folder: Path) -> Scan:
    (source,) = discover([folder])
    return read(source)


def ramp(count: int) -> NDArray[np.int16]:
    """Make slices whose number is their value times 100."""
    return np.broadcast_to(100 * np.arange(count, dtype=np.int16)[:, None, None], (count, 4, 5)).copy()


@pytest.mark.parametrize("digits", [1, 2, 3])
@pytest.mark.parametrize("orientation", [(1.0, 0.0, 0.0, 0.0, 1.0, 0.0), OBLIQUE, TWISTED, SAGITTAL])
@pytest.mark.parametrize("step", [0.625, -0.625, 2.37])
def test_that_positions_with_few_digits_are_one_even_volume(
    tmp_path: Path, write_slice: Write, digits: int, orientation: tuple[float, ...], step: float
) -> None:
    normal = np.cross(orientation[:3], orientation[3:])
    for k in range(16):
        at = [f"{n:.{digits}f}" for n in np.array([-31.234, 7.891, 100.0]) + k * step * normal]
        write_slice(tmp_path / f"{k:02d}", ramp(16)[k], position=at, orientation=orientation)
    scan = only(tmp_path)
    assert scan.geometry.spacing == pytest.approx((abs(step), 0.8, 0.5), rel=0.01)
    assert scan.voxels[0, :, 0, 0].tolist() == ([*range(0, 1600, 100)] if step > 0 else [*range(1500, -100, -100)])
    assert scan.notes == ()


def test_that_the_stated_distance_is_kept_where_rounded_positions_agree(tmp_path: Path, write_slice: Write) -> None:
    for k in range(16):
        write_slice(tmp_path / f"{k:02d}", ramp(16)[k], position=["0", "0", f"{-100 + 0.625 * k:.2f}"], SliceThickness="0.625")
    assert only(tmp_path).geometry.spacing == pytest.approx((0.625, 0.8, 0.5), abs=1e-9)


def test_that_distances_that_scatter_by_a_hundredth_are_one_volume(tmp_path: Path, write_series: Write) -> None:
    heights = np.cumsum([0, 6.96, 7.07, 6.98, 7.04, 7.0, 6.97, 7.06])
    scan = only(write_series(tmp_path / "mr", ramp(8), heights=heights))
    assert scan.geometry.spacing == pytest.approx((heights[-1] / 7, 0.8, 0.5), rel=1e-3)
    assert scan.notes == ()


def test_that_positions_that_scatter_a_little_in_all_directions_are_one_volume(tmp_path: Path, write_slice: Write) -> None:
    scatter = np.random.default_rng(3).uniform(-0.06, 0.06, (20, 3))
    for k in range(20):
        at = np.array([-90, -80, 7.0 * k]) + scatter[k]
        write_slice(tmp_path / f"{k}", ramp(20)[k], position=at, spacing=(0.75, 0.75))
    scan = only(tmp_path)
    assert scan.shape == (20, 4, 5)
    assert scan.geometry.spacing == pytest.approx((7, 0.75, 0.75), rel=0.002)
    assert scan.notes == ()


@pytest.mark.parametrize("missing", [1, 2, 5, 9, 10])
@pytest.mark.parametrize("written", ["{:.6f}", "{:.0f}"])
def test_that_a_missing_slice_is_said_and_no_distance_made_up(tmp_path: Path, write_slice: Write, missing: int, written: str) -> None:
    for k in range(12):
        if k != missing:
            write_slice(tmp_path / f"{k:02d}", ramp(12)[k], position=["0", "0", written.format(3 * k)])
    scan = only(tmp_path)
    assert scan.voxels[0, :, 0, 0].tolist() == [100 * k for k in range(12) if k != missing]
    assert scan.geometry.spacing is None
    (note,) = scan.notes
    assert f"missing between slices {missing} and {missing + 1} (6.00 mm apart where 3.00 mm is usual)" in note


def test_that_two_distances_in_one_series_are_resampled_to_the_smaller(tmp_path: Path, write_series: Write) -> None:
    heights = [0.0, 2.5, 5.0, 7.5, 12.5, 17.5, 22.5]
    values = np.array(heights)[:, None, None] * np.ones((7, 4, 5)) * 10
    scan = only(write_series(tmp_path / "ct", values.astype(np.int16), heights=heights))
    assert scan.voxels[0, :, 0, 0].tolist() == [0, 25, 50, 75, 100, 125, 150, 175, 200, 225]
    assert scan.geometry.spacing == pytest.approx((2.5, 0.8, 0.5))
    assert "2.50 to 5.00 mm apart" in scan.notes[0] and "resampled" in scan.notes[0]


def test_that_thick_slices_beside_thin_ones_leave_no_gap(tmp_path: Path, write_series: Write) -> None:
    heights = [0.0, 2.0, 4.0, 6.0, 10.0]
    thickness = [2, 2, 2, 4, 4]
    folder = write_series(tmp_path / "ct", ramp(5), heights=heights, tags_of=lambda k: {"SliceThickness": str(thickness[k])})
    assert only(folder).shape[0] == 6


@pytest.mark.parametrize("steps", [(2, 2, 2, 3, 2, 2), (2, 2.6, 2.2, 3.1, 2.9, 2.3), (1, 1.9, 1.1, 1.2, 1.8, 1.9, 1)])
def test_that_scattered_distances_are_resampled_and_said(tmp_path: Path, write_series: Write, steps: tuple[float, ...]) -> None:
    heights = np.concatenate([[0], np.cumsum(steps)])
    values = np.rint(100 * heights).astype(np.int16)[:, None, None] * np.ones((1, 4, 5), np.int16)
    scan = only(write_series(tmp_path / "us", values, heights=heights))
    assert scan.geometry.spacing is not None
    extent = (scan.shape[0] - 1) * scan.geometry.spacing[0]
    assert extent == pytest.approx(heights[-1])
    assert np.allclose(scan.voxels[0, :, 0, 0], 100 * scan.geometry.spacing[0] * np.arange(scan.shape[0]), atol=1)
    assert "resampled" in scan.notes[0]


@pytest.mark.parametrize("steps", [(3, 6), (6, 3), (3, 3, 6, 6, 3, 3), (3, 3, 9, 3, 3, 6, 3), (3, 3, 3, 60, 3, 3, 3)])
def test_that_no_slice_is_made_up_in_a_gap(tmp_path: Path, write_series: Write, steps: tuple[float, ...]) -> None:
    heights = np.concatenate([[0], np.cumsum(steps)])
    scan = only(write_series(tmp_path / "ct", ramp(len(heights)), heights=heights))
    assert scan.voxels[0, :, 0, 0].tolist() == [100 * k for k in range(len(heights))]
    assert scan.geometry.spacing is None
    assert "missing" in scan.notes[0]


def test_that_wild_distances_are_kept_as_slices(tmp_path: Path, write_series: Write) -> None:
    scan = only(write_series(tmp_path / "us", ramp(6), heights=[0.0, 1.0, 5.3, 5.9, 14.0, 21.0]))
    assert scan.voxels[0, :, 0, 0].tolist() == [0, 100, 200, 300, 400, 500]
    assert scan.geometry.spacing is None
    assert len(scan.notes) == 1


@pytest.mark.parametrize("first", [0.0, 100.0])
@pytest.mark.parametrize("step", [2.5, -2.5])
def test_that_a_dose_lies_where_its_offsets_say(tmp_path: Path, write_slice: Write, first: float, step: float) -> None:
    offsets = [f"{first + step * k:g}" for k in range(8)]
    tags = {"NumberOfFrames": 8, "GridFrameOffsetVector": offsets, "SliceThickness": "5", "DoseGridScaling": "0.001"}
    pixels = ramp(8).astype("<i2")
    scan = read(write_slice(tmp_path / "dose.dcm", pixels[0], position=(-20, -20, 100), PixelData=pixels.tobytes(), **tags))
    assert scan.geometry.spacing == pytest.approx((2.5, 0.8, 0.5))
    assert np.allclose(scan.voxels[0, :, 0, 0], 0.1 * np.arange(8))
    for k in (0, 7):
        assert np.allclose((scan.geometry.matrix @ (k, 0, 0, 1))[:3], (-20, -20, 100 + step * k))


def test_that_slices_of_nuclear_medicine_are_placed_by_their_vector(tmp_path: Path, write_slice: Write) -> None:
    tags = {"NumberOfFrames": 4, "SliceVector": [1, 2, 3, 4], "SpacingBetweenSlices": "4.42"}
    pixels = ramp(4).astype("<i2")
    scan = read(write_slice(tmp_path / "nm.dcm", pixels[0], position=(1, 2, 3), PixelData=pixels.tobytes(), **tags))
    assert scan.geometry.spacing == pytest.approx((4.42, 0.8, 0.5))
    assert np.allclose(scan.geometry.matrix[:3, 3], (1, 2, 3))


@pytest.mark.parametrize(("window", "shown"), [((250, 500), (0.02, 4.45)), ((2, 4), (0.0, 4.0))])
def test_that_a_window_for_other_values_is_not_used(
    tmp_path: Path, write_slice: Write, window: tuple[float, float], shown: tuple[float, float]
) -> None:
    pixels = np.arange(448, dtype=np.uint16).reshape(16, 28)
    tags = {"RescaleSlope": "0.01", "RescaleIntercept": "0", "WindowCenter": window[0], "WindowWidth": window[1]}
    scan = read(write_slice(tmp_path / "a.dcm", pixels, **tags))
    assert automatic_window(scan) == pytest.approx(shown, abs=0.01)
