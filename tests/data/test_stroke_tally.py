"""Which painted strokes are held out, decided from the strokes that stand."""

from __future__ import annotations

import numpy as np

from unetstudio.data.edit import Edit
from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.origin import HELD_OUT, Origin
from unetstudio.data.region import Region
from unetstudio.data.stroke import Stroke
from unetstudio.data.stroke_tally import StrokeTally, due, next_is_held_out


class Painter:
    """Paints rows of a picture as the window does."""

    def __init__(self) -> None:
        self.labels = LabelMap.unlabelled((1, 64, 8))
        self.tally = StrokeTally()
        self.row = 0

    def paint(self, value: int = 1, row: int | None = None) -> Edit:
        held = value != UNLABELLED and next_is_held_out([self.tally], value)
        stroke = Stroke(self.labels, value, tool="brush", origin=Origin.PAINTED | (HELD_OUT if held else 0))
        at = self.row if row is None else row
        self.row += row is None
        stroke.paint(Region((0, at, 0), (1, at + 1, 8)), np.ones((1, 1, 8), np.bool_))
        edit = stroke.commit()
        assert edit is not None
        self.tally.add(edit)
        return edit

    def undo(self, edit: Edit) -> None:
        self.labels.apply(edit.inverse())
        self.tally.remove(edit)

    def held_rows(self, value: int = 1) -> list[int]:
        held = (self.labels.values == value) & ((self.labels.origin & HELD_OUT) != 0)
        return np.flatnonzero(held.any(axis=(0, 2))).tolist()


def test_that_the_third_stroke_of_a_class_is_held_out_and_one_in_six_after_it() -> None:
    painter = Painter()
    for _ in range(16):
        painter.paint()
    assert painter.held_rows() == [2, 8, 14]
    assert [due(n) for n in (0, 2, 3, 8, 9, 15)] == [0, 0, 1, 1, 2, 3]


def test_that_each_class_has_its_own_third_stroke() -> None:
    painter = Painter()
    for value in (0, 1, 0, 1, 2, 0, 1, 2, 2):
        painter.paint(value)
    assert [painter.held_rows(value) for value in (0, 1, 2)] == [[5], [6], [8]]


def test_that_the_stroke_after_an_undone_held_out_one_takes_its_place() -> None:
    painter = Painter()
    third = [painter.paint() for _ in range(3)][-1]
    painter.undo(third)
    assert painter.held_rows() == []
    painter.paint()
    assert painter.held_rows() == [3]


def test_that_undoing_a_learnt_stroke_does_not_hold_out_a_second_one() -> None:
    painter = Painter()
    edits = [painter.paint() for _ in range(5)]
    for edit in reversed(edits[3:]):
        painter.undo(edit)
    painter.paint()
    painter.paint()
    assert painter.held_rows() == [2]


def test_that_another_stroke_is_held_out_once_the_first_is_erased_or_painted_over() -> None:
    for value in (UNLABELLED, 0, 1):
        painter = Painter()
        for _ in range(3):
            painter.paint()
        painter.paint(value, row=2)
        assert painter.held_rows() == []
        painter.paint()
        assert painter.held_rows() == [3]


def test_that_a_partly_erased_stroke_still_counts() -> None:
    painter = Painter()
    for _ in range(3):
        painter.paint()
    rubber = Stroke(painter.labels, UNLABELLED, tool="eraser")
    rubber.paint(Region((0, 2, 0), (1, 3, 4)), np.ones((1, 1, 4), np.bool_))
    edit = rubber.commit()
    assert edit is not None
    painter.tally.add(edit)
    painter.paint()
    assert painter.held_rows() == [2]


def test_that_accepted_and_imported_voxels_are_no_strokes() -> None:
    labels, tally = LabelMap.unlabelled((1, 4, 4)), StrokeTally()
    for origin in (Origin.ACCEPTED, Origin.IMPORTED):
        edit = labels.change(np.ones((1, 4, 4), np.bool_), np.ones((1, 4, 4), np.uint8), origin, "import")
        assert edit is not None
        tally.add(edit)
    assert tally.strokes(1) == 0


def test_that_strokes_of_all_images_count_together() -> None:
    first, second = Painter(), Painter()
    first.paint()
    second.paint()
    assert next_is_held_out([first.tally, second.tally], 1)
    assert not next_is_held_out([first.tally], 1)
