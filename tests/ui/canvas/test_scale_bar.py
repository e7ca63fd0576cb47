"""The scale bar's length and unit."""

from __future__ import annotations

import pytest

from unetstudio.ui.canvas.scale_bar import scale_bar
from unetstudio.ui.canvas.view import View


@pytest.mark.parametrize(
    ("mm", "scale", "text"),
    [(1.0, 2.0, "5 cm"), (0.7, 6.0, "1 cm"), (0.1, 4.0, "2 mm"), (0.0005, 1.0, "50 µm"), (0.000004, 2.0, "200 nm"), (0.001, 90.0, "1 µm")],
)
def test_that_the_bar_is_a_round_length_in_the_unit_that_fits(mm: float, scale: float, text: str) -> None:
    bar = scale_bar(View((100, 100), (mm, mm), (400, 300), scale=scale), in_mm=True)
    assert bar.text == text
    assert 56 <= bar.pixels <= 140


def test_that_the_bar_counts_pixels_where_the_spacing_is_unknown() -> None:
    bar = scale_bar(View((100, 100), size=(400, 300), scale=0.5), in_mm=False)
    assert (bar.text, bar.pixels) == ("200 px", 100.0)


def test_that_the_bar_is_as_long_on_a_dense_screen() -> None:
    shown = View((100, 100), (1.0, 1.0), (800, 600), ratio=2.0, scale=4.0)
    assert scale_bar(shown, in_mm=True).pixels == scale_bar(View((100, 100), size=(400, 300), scale=2.0), in_mm=True).pixels


def test_that_the_bar_is_right_across_voxels_that_are_not_square() -> None:
    bar = scale_bar(View((100, 100), (5.0, 0.5), (400, 300), scale=3.0), in_mm=True)
    assert bar.text == "2 cm" and bar.pixels == pytest.approx(20 / 0.5 * 3)
