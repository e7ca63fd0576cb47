"""The place looked at in the open case."""

from __future__ import annotations

import pytest

from unetstudio.data.plane import Plane
from unetstudio.ui.cursor import Cursor


@pytest.fixture
def cursor(qapp: object) -> Cursor:
    """A cursor in the middle of a volume of 10 x 20 x 30."""
    made = Cursor()
    made.open((10, 20, 30))
    return made


@pytest.fixture
def seen(cursor: Cursor) -> list[Plane]:
    """Collect the planes shown after this call."""
    planes: list[Plane] = []
    cursor.moved.connect(planes.append)
    return planes


def test_that_a_case_is_opened_at_its_middle_slice(cursor: Cursor, seen: list[Plane]) -> None:
    assert cursor.plane == Plane(0, 5)
    cursor.look_along(2)
    cursor.open((4, 5, 6))
    assert cursor.plane == Plane(0, 2) and seen[-1] == Plane(0, 2)


def test_that_slices_end_where_the_case_ends(cursor: Cursor) -> None:
    cursor.go_to(400)
    assert cursor.plane == Plane(0, 9)
    cursor.step(-40)
    assert cursor.plane == Plane(0, 0)


@pytest.mark.parametrize(("axis", "last"), [(0, 9), (1, 19), (2, 29)])
def test_that_each_direction_has_its_own_number_of_slices(cursor: Cursor, axis: int, last: int) -> None:
    cursor.look_along(axis)
    cursor.go_to(1000)
    assert cursor.plane == Plane(axis, last)


def test_that_looking_along_another_axis_and_back_shows_the_slice_seen_last(cursor: Cursor, seen: list[Plane]) -> None:
    cursor.go_to(7)
    cursor.look_along(1)
    cursor.step(+2)
    cursor.look_along(0)
    cursor.look_along(1)
    assert seen == [Plane(0, 7), Plane(1, 10), Plane(1, 12), Plane(0, 7), Plane(1, 12)]


def test_that_the_plane_goes_through_the_position(cursor: Cursor) -> None:
    cursor.go_to(7)
    cursor.look_along(2)
    cursor.go_to(3)
    assert cursor.position == (7, 10, 3)


def test_that_staying_in_place_emits_no_signal(cursor: Cursor, seen: list[Plane]) -> None:
    cursor.look_along(0)
    cursor.go_to(5)
    cursor.open((10, 30, 40))
    assert seen == []
