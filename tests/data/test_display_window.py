"""The window a scan is shown with by itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unetstudio.data.display_window import automatic_window
from unetstudio.data.scan import Scan
from unetstudio.formats import discover, read


def test_that_the_files_own_window_comes_first() -> None:
    assert automatic_window(Scan(np.zeros((1, 1, 4, 4), np.int16), window=(-160.0, 240.0))) == (-160.0, 240.0)


def test_that_a_photograph_is_shown_as_it_is() -> None:
    lit = np.full((3, 1, 4, 4), 40, np.uint8)
    lit[:, :, :2] = 200
    assert automatic_window(Scan(lit)) == (0.0, 255.0)


def test_that_a_dim_fluorescence_picture_stored_in_colour_is_brightened() -> None:
    dim = np.full((3, 1, 4, 4), 5, np.uint8)
    dim[:, :, :2] = 30
    assert automatic_window(Scan(dim)) == (0.0, 30.0)


def test_that_a_picture_of_one_value_is_grey() -> None:
    assert automatic_window(Scan(np.full((1, 1, 4, 4), 77, np.uint8))) == (76.0, 78.0)


def test_that_a_black_colour_picture_stays_black() -> None:
    assert automatic_window(Scan(np.zeros((3, 1, 4, 4), np.uint8))) == (0.0, 255.0)


def test_that_a_window_in_stored_values_is_not_taken_for_rescaled_voxels() -> None:
    stored = np.random.default_rng(0).integers(0, 450, (1, 1, 40, 44))
    rescaled = Scan((stored * 0.01).astype(np.float32), window=(0.0, 500.0))
    low, high = automatic_window(rescaled)
    assert low < 0.1 and 4.3 < high < 4.5


def test_that_tiny_values_are_visible_where_the_window_is_a_thousand_million_times_as_wide() -> None:
    activity = np.random.default_rng(0).exponential(1e-6, (1, 6, 40, 44)).astype(np.float32)
    low, high = automatic_window(Scan(activity, window=(-0.5, 32766.5)))
    assert 0 <= low < 1e-7 and 3e-6 < high < 1e-5


def test_that_a_window_beside_the_values_is_not_used() -> None:
    voxels = np.random.default_rng(0).normal(1100, 50, (1, 1, 40, 40)).astype(np.int16)
    assert automatic_window(Scan(voxels, window=(-160.0, 240.0))) != (-160.0, 240.0)
    assert automatic_window(Scan(voxels, window=(240.0, 240.0))) != (240.0, 240.0)


@pytest.mark.parametrize(("top", "used"), [(20.0, False), (150.0, True)])
def test_that_a_window_in_which_everything_would_be_almost_black_is_not_used(top: float, used: bool) -> None:
    voxels = np.random.default_rng(0).uniform(0, top, (1, 1, 40, 40)).astype(np.float32)
    assert (automatic_window(Scan(voxels, window=(0.0, 900.0))) == (0.0, 900.0)) is used


def test_that_a_narrow_window_on_a_part_of_the_values_is_used() -> None:
    lung = np.full((1, 1, 40, 40), -850, np.int16)
    lung[..., :4] = np.random.default_rng(0).normal(40, 30, (40, 4))
    assert automatic_window(Scan(lung, window=(-160.0, 240.0))) == (-160.0, 240.0)


@pytest.mark.parametrize(("case", "highest"), [("10_mr_window_stored", 10.0), ("10b_pet_slopes", 1e-4)])
def test_that_reported_scans_with_a_window_in_stored_values_are_visible(shared_data: Path, case: str, highest: float) -> None:
    folder = shared_data / "reports" / "cases" / case
    if not folder.is_dir():
        pytest.skip("the reported files are not here")
    scan = read(next(iter(discover([folder]))))
    low, high = automatic_window(scan)
    assert low < high < highest
    middle = (scan.array > low + 0.05 * (high - low)) & (scan.array < high)
    assert middle.mean() > 0.1
