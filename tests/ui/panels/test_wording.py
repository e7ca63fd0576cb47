"""Numbers in words."""

import numpy as np
import pytest

from unetstudio.data.geometry import Geometry
from unetstudio.data.scan import Scan
from unetstudio.ui.panels import wording


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0"), (873, "873"), (9999, "9999"), (41_203, "41.2k"), (1_340_000, "1.3M"), (250_000_000, "250M")]
)
def test_that_counts_are_short_enough_for_a_row(number: int, words: str) -> None:
    assert wording.short_count(number) == words


def test_that_an_area_is_given_in_pixels_and_square_millimetres() -> None:
    assert wording.amount(40_000, Geometry((1.0, 0.01, 0.01)), volume=False) == "40,000 px · 4 mm²"


def test_that_a_volume_counts_the_distance_of_slices() -> None:
    assert wording.amount(1000, Geometry((2.0, 1.0, 1.0)), volume=True) == "1,000 voxels · 2 cm³"


def test_that_an_unknown_pixel_size_gives_pixels_alone() -> None:
    assert wording.amount(12, Geometry(), volume=False) == "12 px"


def test_that_a_microscope_picture_is_described_in_micrometres() -> None:
    geometry = Geometry((0.0005, 0.0005, 0.0005))
    assert wording.size(Scan(np.zeros((1, 1, 30, 40), np.uint16), geometry)) == "40 × 30, 16 bit"
    assert wording.spacing(geometry, volume=False) == "0.5 µm/px"


def test_that_a_volume_is_described_with_its_slices() -> None:
    assert wording.size(Scan(np.zeros((1, 7, 30, 40), np.float32))) == "40 × 30 × 7, 32 bit float"
    assert wording.spacing(Geometry((2.0, 0.78, 0.78)), volume=True) == "0.78 × 0.78 × 2 mm"


def test_that_a_missing_spacing_is_said() -> None:
    assert wording.spacing(Geometry(), volume=False) == "pixel size unknown"


@pytest.mark.parametrize(("seconds", "words"), [(42.7, "42 s"), (185, "3 min 05 s"), (4321, "1 h 12 min")])
def test_that_durations_are_given_in_two_units(seconds: float, words: str) -> None:
    assert wording.duration(seconds) == words


@pytest.mark.parametrize(("value", "words"), [(0, "0"), (0.1234, "0.123"), (12.0, "12"), (1234.5, "1234"), (2e-6, "2e-06")])
def test_that_figures_are_three_at_most_after_the_point(value: float, words: str) -> None:
    assert wording.figures(value) == words
