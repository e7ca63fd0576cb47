"""The histogram behind the window slider."""

import numpy as np

from unetstudio.data.scan import Scan
from unetstudio.ui.panels.histogram import BINS, histogram


def test_that_an_8_bit_picture_is_counted_over_its_whole_range() -> None:
    found = histogram(Scan(np.full((1, 1, 10, 10), 7, np.uint8)))
    assert found.limits == (0.0, 255.0)
    assert found.extremes[0] == 7
    assert found.counts.sum() == 100
    assert found.counts.argmax() == int(7 / 255 * BINS)


def test_that_values_that_are_no_numbers_are_left_out() -> None:
    voxels = np.linspace(0, 1, 100, dtype=np.float32).reshape(1, 1, 10, 10)
    voxels[0, 0, 0, :2] = np.nan, np.inf
    found = histogram(Scan(voxels))
    assert found.counts.sum() == 98
    assert found.extremes[1] == 1.0


def test_that_a_constant_image_has_a_range_all_the_same() -> None:
    low, high = histogram(Scan(np.full((1, 3, 5, 5), -1000, np.int16))).limits
    assert low < high


def test_that_a_large_volume_is_only_sampled() -> None:
    found = histogram(Scan(np.broadcast_to(np.arange(500, dtype=np.int16), (1, 400, 600, 500))))
    assert found.counts.sum() < 400_000


def test_that_an_image_without_any_number_gives_an_empty_histogram() -> None:
    found = histogram(Scan(np.full((1, 1, 4, 4), np.nan, np.float32)))
    assert found.counts.sum() == 0
    assert found.limits == found.extremes == (0.0, 1.0)
