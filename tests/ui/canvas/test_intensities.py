"""The conversion of voxel values to grey levels."""

from __future__ import annotations

import numpy as np
import pytest

from unetstudio.ui.canvas.intensities import coloured, greys


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32])
def test_that_the_window_runs_from_black_to_white(dtype: type) -> None:
    values = np.array([[0, 50, 75, 100, 120]], dtype)
    assert greys(values, 50, 100, inverted=False).tolist() == [[0, 0, 128, 255, 255]]
    assert greys(values, 50, 100, inverted=True).tolist() == [[255, 255, 127, 0, 0]]


def test_that_a_narrow_window_shows_the_full_depth_of_16_bits() -> None:
    values = np.arange(30_000, 30_256, dtype=np.uint16)[None]
    np.testing.assert_array_equal(greys(values, 30_000, 30_255, inverted=False), np.arange(256, dtype=np.uint8)[None])


def test_that_hounsfield_units_below_zero_are_in_order() -> None:
    levels = greys(np.array([[-1000, -500, 0, 500]], np.int16), -1000, 500, inverted=False)
    assert levels.tolist() == [[0, 85, 170, 255]]


def test_that_what_is_not_a_number_is_black() -> None:
    values = np.array([[np.nan, np.inf, -np.inf, 1.0]], np.float32)
    assert greys(values, 0, 1, inverted=False).tolist() == [[0, 255, 0, 255]]


def test_that_a_window_of_no_width_is_a_step_and_no_error() -> None:
    assert greys(np.array([[1, 3]], np.float32), 2, 2, inverted=False).tolist() == [[0, 255]]


def test_that_colours_keep_their_channels() -> None:
    red, green, blue = (np.full((1, 1), value, np.uint8) for value in (10, 20, 30))
    assert coloured([red, green, blue]).tolist() == [[[30, 20, 10, 255]]]


def test_that_two_channels_are_shown_in_two_colours() -> None:
    first, second = np.full((1, 1), 255, np.uint8), np.zeros((1, 1), np.uint8)
    assert coloured([first, second]).tolist() == [[[0, 255, 0, 255]]]
