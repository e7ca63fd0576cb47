"""The window a scan is shown with by itself."""

from __future__ import annotations

import numpy as np

from unetstudio.data.display_window import automatic_window
from unetstudio.data.scan import Scan


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
