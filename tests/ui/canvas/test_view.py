"""The position of the plane on the screen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from unetstudio.ui.canvas.view import Box, View

FLIPS = [(False, False), (True, False), (False, True), (True, True)]


def view(
    extents: tuple[int, int] = (60, 80),
    spacing: tuple[float, float] = (1.0, 1.0),
    ratio: float = 1.0,
    flipped: tuple[bool, bool] = (False, False),
) -> View:
    made = View(extents, spacing, flipped)
    made.resize((round(400 * ratio), round(300 * ratio)), ratio)
    return made


@given(
    scale=some.floats(0.02, 90),
    row=some.floats(-20, 80),
    column=some.floats(-20, 100),
    spacing=some.sampled_from([(1.0, 1.0), (5.0, 0.7), (0.3, 2.0)]),
    flipped=some.sampled_from(FLIPS),
)
def test_that_a_voxel_goes_to_the_screen_and_back(
    scale: float, row: float, column: float, spacing: tuple[float, float], flipped: tuple[bool, bool]
) -> None:
    shown = view(spacing=spacing, flipped=flipped)
    shown.zoom_to(scale)
    assert shown.voxel(*shown.device(row, column)) == pytest.approx((row, column), abs=1e-6)


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_that_fit_shows_the_whole_plane_in_the_middle(ratio: float) -> None:
    shown = view(ratio=ratio)
    box = shown.covered
    assert box & shown.screen == box
    assert abs(box.left - (shown.size[0] - box.right)) <= 1 and abs(box.top - (shown.size[1] - box.bottom)) <= 1
    assert box.bottom - box.top == pytest.approx(0.96 * 300 * ratio, abs=2)


def test_that_voxels_are_as_long_on_the_screen_as_in_the_patient() -> None:
    shown = view(spacing=(4.0, 1.0))
    assert shown.pitch[0] == pytest.approx(4 * shown.pitch[1])


@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_that_zooming_keeps_the_voxel_under_the_pointer(factor: float) -> None:
    shown = view()
    before = shown.voxel(123.4, 77.7)
    shown.zoom_to(shown.scale * factor, (123.4, 77.7))
    assert shown.voxel(123.4, 77.7) == pytest.approx(before)


def test_that_a_fitted_plane_stays_fitted_when_the_widget_grows() -> None:
    shown = view()
    shown.resize((800, 600), 1.0)
    assert shown.covered.bottom - shown.covered.top == pytest.approx(0.96 * 600, abs=2)


def test_that_the_image_cannot_be_lost() -> None:
    shown = view()
    assert not shown.pan(10_000, -10_000)
    assert not shown.covered.empty


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("flipped", FLIPS)
@pytest.mark.parametrize("scale", [0.3, 1.0, 2.7, 20.0])
def test_that_the_pointer_is_over_the_voxel_that_is_drawn_there(scale: float, ratio: float, flipped: tuple[bool, bool]) -> None:
    shown = view(ratio=ratio, flipped=flipped)
    shown.zoom_to(scale)
    inside = shown.covered
    rows, columns = shown.rows(inside), shown.columns(inside)
    for x, y in [(inside.left, inside.top), ((inside.left + inside.right) // 2, (inside.top + inside.bottom) // 2)]:
        row, column = shown.voxel_under(x / ratio, y / ratio)
        assert (np.floor(row + 0.5), np.floor(column + 0.5)) == (rows[y - inside.top], columns[x - inside.left])


@pytest.mark.parametrize("flipped", FLIPS)
@pytest.mark.parametrize("scale", [0.11, 0.5, 1.0, 3.3])
def test_that_the_touched_box_holds_every_pixel_that_shows_the_voxels(scale: float, flipped: tuple[bool, bool]) -> None:
    shown = view(flipped=flipped)
    shown.zoom_to(scale)
    box, inside = shown.touched(20, 30, 25, 50), shown.covered
    rows, columns = shown.rows(inside), shown.columns(inside)
    hit_rows = np.flatnonzero((rows >= 20) & (rows < 25)) + inside.top
    hit_columns = np.flatnonzero((columns >= 30) & (columns < 50)) + inside.left
    if hit_rows.size and hit_columns.size:
        assert box.top <= hit_rows[0] and hit_rows[-1] < box.bottom
        assert box.left <= hit_columns[0] and hit_columns[-1] < box.right


def test_that_the_visible_voxels_are_those_on_the_screen() -> None:
    shown = view()
    shown.zoom_to(10.0)
    shown.centre = (30.0, 40.0)
    assert shown.visible() == (15, 20, 46, 61)


@pytest.mark.parametrize("flipped", FLIPS)
def test_that_a_flipped_plane_is_panned_and_zoomed_with_the_pointer(flipped: tuple[bool, bool]) -> None:
    shown = view(flipped=flipped)
    x, y = shown.device(30, 40)
    assert shown.pan(11, -7)
    assert shown.device(30, 40) == pytest.approx((x + 11, y - 7))
    before = shown.voxel(90, 60)
    shown.zoom_to(9.0, (90, 60))
    assert shown.voxel(90, 60) == pytest.approx(before)


def test_that_boxes_that_do_not_meet_have_nothing_in_common() -> None:
    assert (Box(0, 0, 5, 5) & Box(7, 0, 9, 5)).empty
