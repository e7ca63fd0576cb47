"""Class colours can be told apart: from one another, by colour-blind eyes, and from the image."""

import numpy as np
import pytest

from unetstudio.data import palette

GREYS = np.arange(256, dtype=np.uint8)
PINKS = np.random.default_rng(0).normal((215, 150, 190), 12, (64, 64, 3)).clip(0, 255).astype(np.uint8)  # as in H&E


@pytest.mark.parametrize("sample", [None, GREYS, PINKS], ids=["no image", "grey image", "pink image"])
def test_that_the_first_eight_colours_stay_apart_for_colour_blind_eyes(sample: np.ndarray | None) -> None:
    colours = np.array(palette.colours(8, sample), np.uint8)
    apart = palette.separation(colours, colours) + 9 * np.eye(8)
    assert apart.min() > 0.08


def test_that_structures_keep_away_from_the_colours_of_the_image() -> None:
    chosen = np.array(palette.colours(4, PINKS), np.uint8)
    apart = palette.separation(chosen, np.array([[215, 150, 190]], np.uint8))
    unaware = palette.separation(np.array([[230, 140, 190]], np.uint8), np.array([[215, 150, 190]], np.uint8))
    assert apart.min() > 0.08 > unaware.min()


def test_that_the_same_image_gives_the_same_colours() -> None:
    assert palette.colours(5, PINKS) == palette.colours(5, PINKS.copy())


def test_that_the_next_colour_continues_the_row() -> None:
    row = palette.colours(5, GREYS)
    assert palette.next_colour(row[:4], GREYS) == row[4]


def test_that_the_next_colour_avoids_colours_the_user_chose() -> None:
    red = (200, 30, 20)
    found = palette.next_colour([(120, 130, 150), red])
    assert palette.separation(np.array([found], np.uint8), np.array([red], np.uint8)).min() > 0.15


def test_that_the_background_is_muted_but_visible() -> None:
    red, green, blue = palette.colours(1, GREYS)[0]
    assert max(red, green, blue) - min(red, green, blue) < 60
    assert 60 < (red + green + blue) / 3 < 200


def test_that_a_hundred_classes_get_a_hundred_colours() -> None:
    assert len(set(palette.colours(100))) == 100


def test_that_an_empty_sample_counts_as_no_image() -> None:
    assert palette.colours(3, np.zeros((0, 3), np.uint8)) == palette.colours(3)


def test_that_hex_and_text_colours_suit_the_colour() -> None:
    assert palette.hex((255, 0, 16)) == "#ff0010"
    assert palette.contrast_text_colour((250, 240, 90)) == (0, 0, 0)
    assert palette.contrast_text_colour((40, 20, 120)) == (255, 255, 255)
