"""Strokes, undo and redo on one label map, as the canvas requests them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot
from ui.laid_open import case_of

from unetstudio.data.classes import ClassTable
from unetstudio.data.history import History
from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.origin import Origin
from unetstudio.data.plane import Plane
from unetstudio.project.record import Kind
from unetstudio.tools.image_plane import ImagePlane
from unetstudio.tools.tool import TOOLS, Drag, Pointer, Tool, ToolContext, Touched
from unetstudio.ui.annotation import Annotation
from unetstudio.ui.canvas.modes import MODES
from unetstudio.ui.session import Session
from unetstudio.workspace.open_case import LabelChange

CLASSES = ClassTable.named(["background", "cell", "scar"], [(0, 0, 0), (9, 9, 9), (90, 9, 9)])


@pytest.fixture
def annotation(qapp: QObject) -> Annotation:
    """An annotation of an empty picture of 40 x 50."""
    made = Annotation()
    made.set_classes(CLASSES)
    show(made, "one", LabelMap.unlabelled((1, 40, 50)))
    return made


@pytest.fixture
def journal(annotation: Annotation) -> list[LabelChange]:
    """The changes that go to the disk."""
    kept: list[LabelChange] = []
    annotation.journalled.connect(kept.append)
    return kept


def show(annotation: Annotation, case: str, labels: LabelMap) -> None:
    """Open a case whose image is black."""
    annotation.open(case_of(labels, case=case), History())


def drag(annotation: Annotation, *points: tuple[float, float]) -> None:
    """Press, move and release."""
    annotation.press(Pointer(*points[0]))
    for point in points[1:]:
        annotation.move(Pointer(*point))
    annotation.release()


def values(annotation: Annotation) -> np.ndarray:
    assert annotation.labels is not None
    return annotation.labels.values[0]


def test_that_a_stroke_is_one_change_that_undo_and_redo_repeat_to_the_voxel(annotation: Annotation, journal: list[LabelChange]) -> None:
    drag(annotation, (10, 10), (10, 40), (20, 40))
    painted = values(annotation).copy()
    annotation.undo()
    assert (values(annotation) == UNLABELLED).all()
    annotation.redo()
    assert np.array_equal(values(annotation), painted)
    assert [change.kind for change in journal] == [Kind.EDIT, Kind.UNDO, Kind.REDO]


def test_that_the_journal_alone_leads_to_the_same_labels(annotation: Annotation, journal: list[LabelChange]) -> None:
    rng = np.random.default_rng(0)
    for number in range(30):
        annotation.set_active_class(int(rng.integers(3)))
        annotation.tools.choose(("brush", "eraser")[number % 4 == 3])
        drag(annotation, *(tuple(rng.uniform(-5, 55, 2)) for _ in range(3)))
        if number % 5 == 4:
            annotation.undo()
        if number % 10 == 9:
            annotation.redo()
    replayed = LabelMap.unlabelled((1, 40, 50))
    for change in journal:
        replayed.apply(change.edit)
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
    annotation.tools.set_options("brush", size=30)
    show(annotation, "large", LabelMap.unlabelled((1, 400, 500)))
    assert annotation.tools["brush"].size == 30


def test_that_a_picture_of_one_pixel_can_be_painted_and_erased(annotation: Annotation) -> None:
    show(annotation, "pixel", LabelMap.unlabelled((1, 1, 1)))
    drag(annotation, (0, 0))
    assert values(annotation).tolist() == [[1]]
    annotation.tools.choose("eraser")
    drag(annotation, (0, 0))
    assert values(annotation).tolist() == [[UNLABELLED]]
    annotation.undo()
    assert values(annotation).tolist() == [[1]]


@pytest.mark.parametrize("name", list(TOOLS))
def test_that_escape_cancels_the_current_stroke_of_any_tool(annotation: Annotation, journal: list[LabelChange], name: str) -> None:
    drag(annotation, (5, 5), (5, 30))
    before = values(annotation).copy()
    journal.clear()
    annotation.tools.choose(name)
    annotation.set_active_class(2)
    annotation.press(Pointer(5, 5))
    annotation.move(Pointer(15, 30))
    painting = annotation.stroke_active
    annotation.cancel()
    if painting:
        assert np.array_equal(values(annotation), before)
        assert journal == []
    assert not annotation.stroke_active


def test_that_undo_during_a_stroke_takes_the_stroke_back_and_no_more(annotation: Annotation, journal: list[LabelChange]) -> None:
    drag(annotation, (5, 5), (5, 30))
    before = values(annotation).copy()
    annotation.press(Pointer(20, 5))
    annotation.move(Pointer(20, 40))
    annotation.redo()
    annotation.undo()
    assert np.array_equal(values(annotation), before)
    assert len(journal) == 1
    annotation.release()
    assert len(journal) == 1


def test_that_choosing_another_tool_or_case_cancels_the_current_stroke(annotation: Annotation) -> None:
    annotation.press(Pointer(20, 5))
    annotation.tools.choose("eraser")
    assert not annotation.stroke_active
    annotation.tools.choose("brush")
    annotation.press(Pointer(20, 5))
    first = annotation.labels
    show(annotation, "two", LabelMap.unlabelled((1, 10, 10)))
    assert first is not None
    assert (first.values == UNLABELLED).all()


def test_that_each_case_has_an_undo_of_its_own(annotation: Annotation) -> None:
    first = annotation.labels
    drag(annotation, (5, 5), (5, 30))
    show(annotation, "two", LabelMap.unlabelled((1, 10, 10)))
    assert not annotation.can_undo
    annotation.undo()
    assert first is not None
    show(annotation, "one", first)
    assert annotation.can_undo
    annotation.undo()
    assert (values(annotation) == UNLABELLED).all()


def test_that_a_stroke_that_changes_nothing_is_no_change(annotation: Annotation, journal: list[LabelChange]) -> None:
    drag(annotation, (5, 5), (5, 30))
    drag(annotation, (5, 5), (5, 30))
    annotation.tools.choose("eraser")
    drag(annotation, (30, 5), (30, 30))
    assert len(journal) == 1


def test_that_without_a_case_nothing_happens(annotation: Annotation, journal: list[LabelChange]) -> None:
    annotation.close()
    drag(annotation, (5, 5), (5, 30))
    annotation.undo()
    annotation.redo()
    assert journal == []


def test_that_nothing_is_painted_or_undone_where_nothing_may_be_changed(annotation: Annotation, journal: list[LabelChange]) -> None:
    drag(annotation, (5, 5), (5, 30))
    sentences: list[str] = []
    annotation.refused.connect(sentences.append)
    annotation.read_only = True
    drag(annotation, (20, 5), (20, 30))
    annotation.undo()
    assert len(journal) == 1
    assert sentences == ["This project is open read-only; nothing is changed."]


def test_that_a_locked_class_is_refused_by_name(annotation: Annotation) -> None:
    sentences: list[str] = []
    annotation.refused.connect(sentences.append)
    annotation.set_classes(CLASSES.changed(1, locked=True))
    drag(annotation, (5, 5), (5, 30))
    assert sentences == ["The class “cell” is locked; unlock it to paint it."]
    assert (values(annotation) == UNLABELLED).all()


def test_that_a_removed_class_is_no_longer_painted(annotation: Annotation) -> None:
    annotation.set_classes(CLASSES.removed(1))
    assert annotation.active_class in (0, 2)
    drag(annotation, (5, 5), (5, 30))
    assert (values(annotation) != 1).all()


def test_that_pick_takes_the_class_of_a_voxel_and_ignores_the_unlabelled(annotation: Annotation) -> None:
    annotation.set_active_class(2)
    drag(annotation, (5, 5), (5, 30))
    annotation.set_active_class(1)
    annotation.pick((0, 30, 30))
    assert annotation.active_class == 1
    annotation.pick((0, 5, 20))
    assert annotation.active_class == 2


@pytest.mark.parametrize("mode", list(MODES))
def test_that_a_mode_paints_nothing_and_cancels_the_current_stroke(annotation: Annotation, journal: list[LabelChange], mode: str) -> None:
    annotation.press(Pointer(20, 5))
    annotation.tools.choose(mode)
    assert not annotation.stroke_active
    drag(annotation, (5, 5), (5, 30))
    assert (values(annotation) == UNLABELLED).all() and journal == []


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[ImagePlane]:
    """The images that the tool "looking" was given; it is registered before the test's other fixtures are made."""
    images: list[ImagePlane] = []

    @dataclass(frozen=True)
    class Looking(Tool):
        title = shortcut = icon = hint = "looking"

        def drag(self, context: ToolContext) -> Drag:
            images.append(context.image)
            yield Touched()

    assert "brush" in TOOLS  # all are loaded
    monkeypatch.setattr(TOOLS, "_entries", TOOLS._entries.copy())
    TOOLS.register("looking")(Looking)
    return images


def test_that_a_tool_sees_the_slice_of_the_image_under_the_press_and_what_it_computed_stays(
    seen: list[ImagePlane], annotation: Annotation
) -> None:
    voxels = np.arange(4 * 5 * 6, dtype=np.uint16).reshape(1, 4, 5, 6)
    annotation.open(case_of(LabelMap.unlabelled((4, 5, 6)), voxels), History())
    annotation.tools.choose("looking")
    for plane in (Plane(1, 2), Plane(1, 2), Plane(2, 0)):
        annotation.press(Pointer(1, 1, plane))
        annotation.release()
    assert seen[0] is seen[1] and seen[2] is not seen[0]
    np.testing.assert_array_equal(seen[0].channels, voxels[:, :, 2])
    np.testing.assert_array_equal(seen[2].channels, voxels[..., 0])


def test_that_a_tool_never_sees_the_image_of_the_case_before(seen: list[ImagePlane], annotation: Annotation) -> None:
    annotation.tools.choose("looking")
    for value in (3, 7):
        case = case_of(LabelMap.unlabelled((1, 5, 6)), np.full((1, 1, 5, 6), value), case=f"case {value}")
        annotation.open(case, History())
        annotation.press(Pointer(1, 1))
        annotation.release()
    assert [int(image.channels.max()) for image in seen] == [3, 7]


def test_that_the_tools_of_a_session_see_its_open_image(seen: list[ImagePlane], opened: Session) -> None:
    opened.annotation.tools.choose("looking")
    opened.annotation.press(Pointer(1, 1))
    assert opened.scan is not None
    np.testing.assert_array_equal(seen[0].channels, opened.scan.array[:, 0])


def test_that_painted_voxels_have_the_origin_painted(annotation: Annotation) -> None:
    drag(annotation, (5, 5), (5, 30))
    assert annotation.labels is not None
    assert set(np.unique(annotation.labels.origin)) == {0, int(Origin.PAINTED)}


def test_that_a_long_stroke_goes_to_the_disk_in_parts_before_it_ends(annotation: Annotation, qtbot: QtBot) -> None:
    kept: list[LabelChange] = []
    annotation.journalled.connect(kept.append)
    annotation.press(Pointer(10, 10))
    qtbot.waitUntil(lambda: len(kept) == 1, timeout=5_000)
    annotation.move(Pointer(10, 40))
    qtbot.waitUntil(lambda: len(kept) == 2, timeout=5_000)
    annotation.move(Pointer(30, 40))
    annotation.release()
    assert [change.kind for change in kept] == [Kind.PARTIAL, Kind.PARTIAL, Kind.EDIT]
    whole = LabelMap.unlabelled((1, 40, 50))
    whole.apply(kept[2].edit)
    assert np.array_equal(whole.values, annotation.labels.values)
    parts = LabelMap.unlabelled((1, 40, 50))
    for change in kept[:2]:
        parts.apply(change.edit)
    assert (whole.values[parts.values != UNLABELLED] == 1).all()
    assert 0 < parts.annotated < whole.annotated


def test_that_escape_after_a_part_voids_it(annotation: Annotation, journal: list[LabelChange], qtbot: QtBot) -> None:
    annotation.press(Pointer(10, 10))
    qtbot.waitUntil(lambda: bool(journal), timeout=5_000)
    annotation.cancel()
    assert [change.kind for change in journal] == [Kind.PARTIAL, Kind.CANCEL]
    drag(annotation, (20, 20), (20, 30))
    annotation.press(Pointer(30, 10))
    annotation.cancel()
    assert [change.kind for change in journal] == [Kind.PARTIAL, Kind.CANCEL, Kind.EDIT]


def test_that_an_outline_that_has_painted_nothing_has_no_part(annotation: Annotation, journal: list[LabelChange]) -> None:
    annotation.tools.choose("polygon")
    annotation.press(Pointer(10, 10))
    annotation.press(Pointer(10, 30))
    annotation._keep_part()  # what the timer does
    annotation.end()
    assert journal == []
    assert (values(annotation) == UNLABELLED).all()


def test_that_an_unfinished_stroke_is_kept_when_its_case_is_closed(annotation: Annotation, journal: list[LabelChange]) -> None:
    annotation.press(Pointer(10, 10))
    annotation.end()
    assert [change.kind for change in journal] == [Kind.EDIT]
