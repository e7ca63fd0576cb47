"""Strokes, undo and redo on one label map, as the canvas asks for them."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from unetstudio.data.classes import ClassTable
from unetstudio.data.edit import Edit
from unetstudio.data.history import History
from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.origin import Origin
from unetstudio.tools.tool import TOOLS, Pointer
from unetstudio.ui.annotation import Annotation

CLASSES = ClassTable.named(["background", "cell", "scar"], [(0, 0, 0), (9, 9, 9), (90, 9, 9)])


@pytest.fixture
def annotation(qapp: QObject) -> Annotation:
    """On an empty picture of 40 x 50."""
    made = Annotation()
    made.set_classes(CLASSES)
    made.open("one", LabelMap.unlabelled((1, 40, 50)), History())
    return made


@pytest.fixture
def journal(annotation: Annotation) -> list[tuple[str, Edit]]:
    """What goes to the disk."""
    kept: list[tuple[str, Edit]] = []
    annotation.journalled.connect(lambda kind, edit: kept.append((kind, edit)))
    return kept


def drag(annotation: Annotation, *points: tuple[float, float]) -> None:
    """Press, move and release."""
    annotation.press(Pointer(*points[0], 0, 0))
    for point in points[1:]:
        annotation.move(Pointer(*point, 0, 0))
    annotation.release()


def values(annotation: Annotation) -> np.ndarray:
    assert annotation.labels is not None
    return annotation.labels.values[0]


def test_that_a_stroke_is_one_change_that_undo_and_redo_repeat_to_the_voxel(
    annotation: Annotation, journal: list[tuple[str, Edit]]
) -> None:
    drag(annotation, (10, 10), (10, 40), (20, 40))
    painted = values(annotation).copy()
    annotation.undo()
    assert (values(annotation) == UNLABELLED).all()
    annotation.redo()
    assert np.array_equal(values(annotation), painted)
    assert [kind for kind, _ in journal] == ["edit", "undo", "redo"]


def test_that_the_journal_alone_leads_to_the_same_labels(annotation: Annotation, journal: list[tuple[str, Edit]]) -> None:
    rng = np.random.default_rng(0)
    for number in range(30):
        annotation.set_active_class(int(rng.integers(3)))
        annotation.set_tool(("brush", "eraser")[number % 4 == 3])
        drag(annotation, *(tuple(rng.uniform(-5, 55, 2)) for _ in range(3)))
        if number % 5 == 4:
            annotation.undo()
        if number % 10 == 9:
            annotation.redo()
    replayed = LabelMap.unlabelled((1, 40, 50))
    for _, edit in journal:
        replayed.apply(edit)
    assert np.array_equal(replayed.values[0], values(annotation))
    assert annotation.labels is not None
    assert np.array_equal(replayed.origin, annotation.labels.origin)


def test_that_the_pointer_leaving_the_image_and_coming_back_paints_only_inside(annotation: Annotation) -> None:
    drag(annotation, (-30, -30), (20, 25), (900, 900))
    assert (values(annotation) == 1).any()
    annotation.undo()
    assert (values(annotation) == UNLABELLED).all()


def test_that_the_brush_shrinks_with_a_small_image_and_stays_on_a_large_one(annotation: Annotation) -> None:
    assert annotation.tools["brush"].size == 3
    annotation.set_options("brush", size=30)
    annotation.open("large", LabelMap.unlabelled((1, 400, 500)), History())
    assert annotation.tools["brush"].size == 30


def test_that_a_picture_of_one_pixel_can_be_painted_and_erased(annotation: Annotation) -> None:
    annotation.open("pixel", LabelMap.unlabelled((1, 1, 1)), History())
    drag(annotation, (0, 0))
    assert values(annotation).tolist() == [[1]]
    annotation.set_tool("eraser")
    drag(annotation, (0, 0))
    assert values(annotation).tolist() == [[UNLABELLED]]
    annotation.undo()
    assert values(annotation).tolist() == [[1]]


@pytest.mark.parametrize("name", [n for n, tool in TOOLS.items() if not tool().moves_view and not tool().picks])
def test_that_escape_takes_back_what_any_tool_has_in_hand(annotation: Annotation, journal: list[tuple[str, Edit]], name: str) -> None:
    drag(annotation, (5, 5), (5, 30))
    before = values(annotation).copy()
    journal.clear()
    annotation.set_tool(name)
    annotation.set_active_class(2)
    annotation.press(Pointer(5, 5, 0, 0))
    annotation.move(Pointer(15, 30, 0, 0))
    in_hand = annotation.stroke_in_hand
    annotation.cancel()
    if in_hand:
        assert np.array_equal(values(annotation), before)
        assert journal == []
    assert not annotation.stroke_in_hand


def test_that_undo_during_a_stroke_takes_the_stroke_back_and_no_more(annotation: Annotation, journal: list[tuple[str, Edit]]) -> None:
    drag(annotation, (5, 5), (5, 30))
    before = values(annotation).copy()
    annotation.press(Pointer(20, 5, 0, 0))
    annotation.move(Pointer(20, 40, 0, 0))
    annotation.redo()
    annotation.undo()
    assert np.array_equal(values(annotation), before)
    assert len(journal) == 1
    annotation.release()
    assert len(journal) == 1


def test_that_taking_another_tool_or_case_takes_the_stroke_in_hand_back(annotation: Annotation) -> None:
    annotation.press(Pointer(20, 5, 0, 0))
    annotation.set_tool("eraser")
    assert not annotation.stroke_in_hand
    annotation.set_tool("brush")
    annotation.press(Pointer(20, 5, 0, 0))
    first = annotation.labels
    annotation.open("two", LabelMap.unlabelled((1, 10, 10)), History())
    assert first is not None
    assert (first.values == UNLABELLED).all()


def test_that_each_case_has_an_undo_of_its_own(annotation: Annotation) -> None:
    first = annotation.labels
    drag(annotation, (5, 5), (5, 30))
    annotation.open("two", LabelMap.unlabelled((1, 10, 10)), History())
    assert not annotation.can_undo
    annotation.undo()
    assert first is not None
    annotation.open("one", first, History())
    assert annotation.can_undo
    annotation.undo()
    assert (values(annotation) == UNLABELLED).all()


def test_that_a_stroke_that_changes_nothing_is_no_change(annotation: Annotation, journal: list[tuple[str, Edit]]) -> None:
    drag(annotation, (5, 5), (5, 30))
    drag(annotation, (5, 5), (5, 30))
    annotation.set_tool("eraser")
    drag(annotation, (30, 5), (30, 30))
    assert len(journal) == 1


def test_that_without_a_case_nothing_happens(annotation: Annotation, journal: list[tuple[str, Edit]]) -> None:
    annotation.close()
    drag(annotation, (5, 5), (5, 30))
    annotation.undo()
    annotation.redo()
    assert journal == []


def test_that_nothing_is_painted_or_undone_where_nothing_may_be_changed(annotation: Annotation, journal: list[tuple[str, Edit]]) -> None:
    drag(annotation, (5, 5), (5, 30))
    told: list[str] = []
    annotation.refused.connect(told.append)
    annotation.read_only = True
    drag(annotation, (20, 5), (20, 30))
    annotation.undo()
    assert len(journal) == 1
    assert told == ["This project is open read-only; nothing is changed."]


def test_that_a_locked_class_is_refused_by_name(annotation: Annotation) -> None:
    told: list[str] = []
    annotation.refused.connect(told.append)
    annotation.set_classes(CLASSES.changed(1, locked=True))
    drag(annotation, (5, 5), (5, 30))
    assert told == ["The class “cell” is locked; unlock it to paint it."]
    assert (values(annotation) == UNLABELLED).all()


def test_that_a_removed_class_is_no_longer_painted(annotation: Annotation) -> None:
    annotation.set_classes(CLASSES.removed(1))
    assert annotation.active_class in (0, 2)
    drag(annotation, (5, 5), (5, 30))
    assert (values(annotation) != 1).all()


def test_that_pick_takes_the_class_under_the_pointer_and_ignores_the_unlabelled(annotation: Annotation) -> None:
    annotation.set_active_class(2)
    drag(annotation, (5, 5), (5, 30))
    annotation.set_active_class(1)
    annotation.set_tool("pick")
    drag(annotation, (30, 30))
    drag(annotation, (-3, 200))
    assert annotation.active_class == 1
    drag(annotation, (5, 20))
    assert annotation.active_class == 2


def test_that_painted_voxels_say_that_a_hand_painted_them(annotation: Annotation) -> None:
    drag(annotation, (5, 5), (5, 30))
    assert annotation.labels is not None
    assert set(np.unique(annotation.labels.origin)) == {0, int(Origin.PAINTED)}


def test_that_the_undo_of_cases_seen_long_ago_makes_room(annotation: Annotation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unetstudio.ui.annotation.BYTES", 500)
    drag(annotation, (10, 10), (10, 40))
    for case in ("two", "three"):
        annotation.open(case, LabelMap.unlabelled((1, 40, 50)), History())
        drag(annotation, (10, 10), (10, 40))
    annotation.open("two", LabelMap.unlabelled((1, 40, 50)), History())
    assert annotation.can_undo
    annotation.open("one", LabelMap.unlabelled((1, 40, 50)), History())
    assert not annotation.can_undo


def test_that_a_long_stroke_goes_to_the_disk_in_parts_before_it_ends(annotation: Annotation, qtbot: QtBot) -> None:
    kept: list[tuple[str, Edit]] = []
    annotation.journalled.connect(lambda kind, edit: kept.append((kind, edit)))
    annotation.press(Pointer(10, 10, 0, 0))
    qtbot.waitUntil(lambda: len(kept) == 1, timeout=5_000)
    annotation.move(Pointer(10, 40, 0, 0))
    qtbot.waitUntil(lambda: len(kept) == 2, timeout=5_000)
    annotation.move(Pointer(30, 40, 0, 0))
    annotation.release()
    assert [kind for kind, _ in kept] == ["partial", "partial", "edit"]
    whole = LabelMap.unlabelled((1, 40, 50))
    whole.apply(kept[2][1])
    assert np.array_equal(whole.values, annotation.labels.values)
    parts = LabelMap.unlabelled((1, 40, 50))
    for _, part in kept[:2]:
        parts.apply(part)
    assert (whole.values[parts.values != UNLABELLED] == 1).all()
    assert 0 < parts.annotated < whole.annotated


def test_that_escape_after_a_part_voids_it(annotation: Annotation, journal: list[tuple[str, Edit]], qtbot: QtBot) -> None:
    annotation.press(Pointer(10, 10, 0, 0))
    qtbot.waitUntil(lambda: bool(journal), timeout=5_000)
    annotation.cancel()
    assert [kind for kind, _ in journal] == ["partial", "cancel"]
    drag(annotation, (20, 20), (20, 30))
    annotation.press(Pointer(30, 10, 0, 0))
    annotation.cancel()
    assert [kind for kind, _ in journal] == ["partial", "cancel", "edit"]


def test_that_an_outline_that_has_painted_nothing_has_no_part(annotation: Annotation, journal: list[tuple[str, Edit]]) -> None:
    annotation.set_tool("polygon")
    annotation.press(Pointer(10, 10, 0, 0))
    annotation.press(Pointer(10, 30, 0, 0))
    annotation._keep_part()  # what the timer does
    annotation.end()
    assert journal == []
    assert (values(annotation) == UNLABELLED).all()


def test_that_a_stroke_in_hand_is_kept_when_its_case_goes_away(annotation: Annotation, journal: list[tuple[str, Edit]]) -> None:
    annotation.press(Pointer(10, 10, 0, 0))
    annotation.end()
    assert [kind for kind, _ in journal] == ["edit"]
