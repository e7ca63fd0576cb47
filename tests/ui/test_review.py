"""Prediction, segmentation and its acceptance; painted strokes win throughout."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from unetstudio.data.case import ReviewState
from unetstudio.data.labels import UNLABELLED
from unetstudio.data.origin import Origin
from unetstudio.data.region import Region
from unetstudio.inference.events import TilePredicted
from unetstudio.postprocess.stack import DEFAULT_STEPS
from unetstudio.postprocess.step import StepInput
from unetstudio.postprocess.threshold import Threshold
from unetstudio.project.project import Project
from unetstudio.project.store import read_labels
from unetstudio.tools.tool import Pointer
from unetstudio.ui.review import connected
from unetstudio.ui.session import Session

Paint = Callable[..., None]
WHOLE = Region((0, 0, 0), (1, 80, 96))


def tile(session: Session, cell: np.ndarray, region: Region = WHOLE, checkpoint: str = "c1") -> TilePredicted:
    """Return a tile in which `cell` (Y, X) bool is surely class 1 and the rest surely class 0."""
    probabilities = np.stack([~cell, cell])[:, None].astype(np.uint8) * 255
    return TilePredicted(session.case.id, region, probabilities, session.classes.values, checkpoint, 1, 1)


def disc() -> np.ndarray:
    rows, columns = np.ogrid[:80, :96]
    return (rows - 40) ** 2 + (columns - 30) ** 2 < 18**2


@dataclass(frozen=True)
class Slow:
    """A post-processing step that takes longer than the next tile."""

    title: ClassVar[str] = "Slow"
    objects: ClassVar[str] = ""
    verb: ClassVar[str] = "changed"
    enabled: bool = True

    def __call__(self, labels: np.ndarray, input: StepInput) -> tuple[np.ndarray, int]:
        time.sleep(0.06)
        return labels, 0


@dataclass(frozen=True)
class Looking:
    """A post-processing step that keeps the image it is given."""

    title: ClassVar[str] = "Looking"
    objects: ClassVar[str] = ""
    verb: ClassVar[str] = "changed"
    enabled: bool = True
    images: list[Any] = field(default_factory=list, compare=False)

    def __call__(self, labels: np.ndarray, input: StepInput) -> tuple[np.ndarray, int]:
        self.images.append(input.image)
        return labels, 0


@pytest.fixture
def predicted(opened: Session, qtbot: QtBot) -> Session:
    """A session whose open case has a disc predicted."""
    opened.review.set_steps(())
    with qtbot.waitSignal(opened.review.segmentation_changed, timeout=10_000):
        opened.review.take(tile(opened, disc()))
    return opened


@pytest.fixture
def notices(opened: Session) -> list[str]:
    """The sentences of refused operations."""
    refusals: list[str] = []
    opened.notice.connect(lambda text, level: refusals.append(text))
    return refusals


def settled(session: Session, qtbot: QtBot) -> None:
    """Wait until the segmentation is up to date and everything is saved."""
    qtbot.waitUntil(lambda: not session.review._busy and session.review._outdated.empty and not session.saver.busy, timeout=10_000)


def test_that_a_step_can_look_at_the_image_of_the_case(predicted: Session, qtbot: QtBot) -> None:
    step = Looking()
    predicted.review.steps = (step,)
    with qtbot.waitSignal(predicted.review.segmentation_changed, timeout=10_000):
        predicted.review.take(tile(predicted, disc()))
    np.testing.assert_array_equal(step.images[-1], predicted.scan.array)


def test_that_a_prediction_becomes_a_segmentation_and_not_labels(predicted: Session) -> None:
    assert np.array_equal(predicted.review.segmentation[0], disc())
    assert (predicted.labels.values == UNLABELLED).all()


def test_that_what_is_not_predicted_yet_has_no_class(opened: Session, qtbot: QtBot) -> None:
    with qtbot.waitSignal(opened.review.segmentation_changed, timeout=10_000):
        opened.review.take(tile(opened, disc()[:40], Region((0, 0, 0), (1, 40, 96))))
    assert (opened.review.segmentation[0, 40:] == UNLABELLED).all()


def test_that_a_tile_of_another_case_is_ignored(opened: Session) -> None:
    other = tile(opened, disc())
    opened.review.take(TilePredicted("another", other.region, other.probabilities, other.values, other.checkpoint, 1, 1))
    assert opened.review.prediction is None


def test_that_a_stroke_wins_over_the_prediction_at_once(predicted: Session, paint: Paint) -> None:
    paint(predicted, 40, 20, 40, 40, value=0)
    assert predicted.review.segmentation[0, 40, 30] == 0


def test_that_the_prediction_shows_again_where_a_stroke_was_taken_back(predicted: Session, paint: Paint, qtbot: QtBot) -> None:
    paint(predicted, 40, 20, 40, 40, value=0)
    predicted.annotation.undo()
    qtbot.waitUntil(lambda: predicted.review.segmentation[0, 40, 30] == 1, timeout=10_000)


def test_that_accepting_all_is_one_undoable_edit_that_spares_painted_strokes(predicted: Session, paint: Paint, qtbot: QtBot) -> None:
    paint(predicted, 40, 20, 40, 40, value=0)
    painted = predicted.labels.values.copy()
    settled(predicted, qtbot)
    predicted.review.accept_all()
    settled(predicted, qtbot)
    assert predicted.labels.counts[UNLABELLED] == 0
    assert predicted.labels.values[0, 40, 30] == 0
    assert predicted.labels.values[0, 30, 30] == 1
    assert predicted.labels.origin[0, 30, 30] == Origin.ACCEPTED
    assert np.array_equal(read_labels(predicted.project.path, predicted.case.case)[0].values, predicted.labels.values)
    predicted.annotation.undo()
    assert np.array_equal(predicted.labels.values, painted)


def test_that_accepting_a_class_takes_that_class_only(predicted: Session, qtbot: QtBot) -> None:
    predicted.review.accept_class(1)
    assert predicted.labels.counts[1] == disc().sum()
    assert predicted.labels.counts[0] == 0


def test_that_accepting_an_object_takes_the_one_under_the_pointer(opened: Session, qtbot: QtBot) -> None:
    two = disc()
    two[70:76, 80:90] = True
    opened.review.set_steps(())
    with qtbot.waitSignal(opened.review.segmentation_changed, timeout=10_000):
        opened.review.take(tile(opened, two))
    opened.review.accept_object((0, 72, 85))
    assert opened.labels.counts[1] == 60
    assert opened.labels.counts[0] == 0


@pytest.mark.parametrize(
    ("checkpoint", "source"), [("guess-3", "quick guess"), ("step-40.3", "step 40"), ("1a2b3c4d5e6f7a8b", "1a2b3c4d5e6f")]
)
def test_that_what_was_accepted_remembers_who_predicted_it(predicted: Session, qtbot: QtBot, checkpoint: str, source: str) -> None:
    with qtbot.waitSignal(predicted.review.segmentation_changed, timeout=10_000):
        predicted.review.take(tile(predicted, disc(), checkpoint=checkpoint))
    edits = []
    predicted.annotation.labels_edited.connect(edits.append)
    settled(predicted, qtbot)
    predicted.review.accept_class(1)
    assert [edit.tool for edit in edits] == [f"accept class from {source}"]


def test_that_accepted_voxels_may_be_overruled_by_a_later_prediction_and_by_strokes(predicted: Session, paint: Paint, qtbot: QtBot) -> None:
    predicted.review.accept_all()
    with qtbot.waitSignal(predicted.review.segmentation_changed, timeout=10_000):
        predicted.review.take(tile(predicted, ~disc(), checkpoint="c2"))
    settled(predicted, qtbot)
    predicted.review.accept_all()
    settled(predicted, qtbot)
    assert np.array_equal(predicted.labels.values[0] == 1, ~disc())


def test_that_a_locked_class_is_neither_accepted_nor_accepted_over(predicted: Session, paint: Paint, notices: list[str]) -> None:
    predicted.change(lambda project: project.classes.lock(1, True))
    predicted.review.accept_class(1)
    assert predicted.labels.counts[1] == 0
    assert notices[-1].startswith("Nothing changes")


def test_that_strokes_of_a_removed_class_stand_in_the_way_of_nothing(predicted: Session, paint: Paint, qtbot: QtBot) -> None:
    predicted.add_class("cyst")
    removed = predicted.annotation.active_class
    paint(predicted, 40, 20, 40, 40, value=removed)
    predicted.change(lambda project: project.classes.remove(removed))
    qtbot.waitUntil(lambda: predicted.review.segmentation[0, 40, 30] == 1, timeout=10_000)
    settled(predicted, qtbot)
    predicted.review.accept_all()
    assert predicted.labels.counts[removed] == 0
    assert predicted.labels.counts[1] == disc().sum()


def test_that_a_class_removed_after_it_was_predicted_is_not_accepted(predicted: Session, notices: list[str]) -> None:
    predicted.add_class("cyst")
    predicted.change(lambda project: project.classes.remove(1))
    predicted.review.accept_class(1)
    assert predicted.labels.counts[1] == 0


def test_that_accepting_without_a_prediction_is_refused_with_one_sentence(opened: Session, notices: list[str]) -> None:
    opened.review.accept_all()
    opened.review.accept_class(1)
    opened.review.accept_object((0, 5, 5))
    assert len(notices) == 3
    assert notices[0] == "There is nothing to accept yet: a prediction appears once two classes are painted."


def test_that_accepting_waits_for_post_processing_that_is_under_way(predicted: Session, qtbot: QtBot) -> None:
    predicted.review.set_steps((Threshold(probability=1.0),))
    predicted.review.take(tile(predicted, np.zeros((80, 96), np.bool_)))
    predicted.review.accept_all()
    qtbot.waitUntil(lambda: predicted.labels.annotated > 0, timeout=10_000)
    assert predicted.labels.counts[1] == 0
    assert predicted.labels.counts[0] == 80 * 96


def test_that_a_case_left_while_something_is_calculated_gets_nothing_of_it(predicted: Session, qtbot: QtBot) -> None:
    first = predicted.case.case
    predicted.review.take(tile(predicted, ~disc()))
    predicted.review.accept_all()
    with qtbot.waitSignal(predicted.case_opened, timeout=10_000):
        predicted.case_opener.step(+1)
    settled(predicted, qtbot)
    assert (predicted.labels.values == UNLABELLED).all()
    assert read_labels(predicted.project.path, predicted.case.case)[1] == 0
    stored = read_labels(predicted.project.path, first)[0]
    assert stored.annotated in (0, 80 * 96)


def test_that_steps_are_kept_with_the_project(opened: Session, qtbot: QtBot) -> None:
    opened.review.set_steps((Threshold(probability=0.3),))
    opened.saver.save_now()
    qtbot.waitUntil(lambda: not opened.saver.busy, timeout=10_000)
    folder = opened.project.path
    opened.close_project()
    opened.review.set_steps(DEFAULT_STEPS)
    with qtbot.waitSignal(opened.project_opened, timeout=10_000):
        opened.open_paths([folder])
    assert Threshold(probability=0.3) in opened.review.steps
    assert not any(step.enabled for step in opened.review.steps[1:])


def test_that_a_project_with_a_step_that_is_not_installed_opens_and_keeps_it_until_a_step_is_changed(
    opened: Session, notices: list[str], qtbot: QtBot
) -> None:
    folder, unknown = opened.project.path, ({"step": "dense_crf", "enabled": True},)
    opened.review.set_steps((Threshold(probability=0.3),))
    opened.close_project()
    qtbot.waitUntil(lambda: not (folder / "lock").exists(), timeout=10_000)
    with Project.open(folder) as stored:
        stored.update(steps=unknown)
        stored.save()
    with qtbot.waitSignal(opened.case_opened, timeout=10_000):
        opened.open_paths([folder])
    assert any("dense_crf" in sentence for sentence in notices)
    assert opened.review.steps == DEFAULT_STEPS
    opened.saver.save_now()
    qtbot.waitUntil(lambda: not opened.saver.busy, timeout=10_000)
    with Project.open(folder, read_only=True) as stored:
        assert stored.manifest.steps == unknown
    opened.review.set_steps((Threshold(probability=0.4),))
    assert Threshold(probability=0.4) in opened.project.steps


def test_that_next_goes_to_the_unreviewed_and_says_when_there_is_none(opened: Session, qtbot: QtBot) -> None:
    notices: list[str] = []
    opened.notice.connect(lambda text, level: notices.append(text))
    opened.review.set_state(ReviewState.REJECTED)
    with qtbot.waitSignal(opened.case_opened, timeout=10_000):
        opened.review.next_unreviewed()
    assert opened.case.id == opened.cases[1].id
    opened.review.set_state(ReviewState.CORRECTED)
    opened.review.next_unreviewed()
    assert notices == ["Every case has been reviewed."]


def test_that_an_object_is_found_in_pictures_with_corners_and_in_volumes_without() -> None:
    flat = np.full((1, 4, 4), UNLABELLED, np.uint8)
    flat[0, 0, 0] = flat[0, 1, 1] = 1
    assert connected(flat, (0, 0, 0)).sum() == 2
    assert connected(flat, (0, 3, 3)).sum() == 0
    assert connected(flat, (0, 9, 0)).sum() == 0
    deep = np.zeros((3, 4, 4), np.uint8)
    deep[0, 1, 1] = deep[1, 1, 1] = deep[2, 2, 2] = 1
    assert connected(deep, (0, 1, 1)).sum() == 2


def test_that_strokes_of_a_class_the_network_has_not_learned_yet_stay(predicted: Session, paint: Paint, qtbot: QtBot) -> None:
    predicted.add_class("cyst")
    paint(predicted, 40, 20, 40, 40, value=2)
    with qtbot.waitSignal(predicted.review.segmentation_changed, timeout=10_000):
        predicted.review.set_steps(DEFAULT_STEPS)
    settled(predicted, qtbot)
    assert predicted.review.segmentation[0, 40, 30] == 2


def test_that_a_result_for_older_classes_is_dropped_when_a_tile_of_other_ones_came(predicted: Session, qtbot: QtBot) -> None:
    older = tile(predicted, disc()[:10], Region((0, 0, 0), (1, 10, 96)))
    newer = tile(predicted, disc()[:60], Region((0, 0, 0), (1, 60, 96)))
    more = np.concatenate([newer.probabilities, np.zeros((1, 1, 60, 96), np.uint8)])
    predicted.add_class("cyst")
    settled(predicted, qtbot)
    predicted.review.take(older)
    predicted.review._gather.stop()
    predicted.review._segment()  # a part of the picture is on its way
    predicted.review.take(TilePredicted(predicted.case.id, newer.region, more, (0, 1, 2), "c2", 1, 1))
    settled(predicted, qtbot)
    assert predicted.review.segmentation.shape == (1, 80, 96)
    assert np.array_equal(predicted.review.segmentation[0, :60], disc()[:60])


def test_that_accepting_does_not_wait_for_tiles_that_keep_coming(predicted: Session, qtbot: QtBot) -> None:
    predicted.review.steps = (Slow(),)
    coming = QTimer(interval=20)
    coming.timeout.connect(lambda: predicted.review.take(tile(predicted, disc()[:4], Region((0, 0, 0), (1, 4, 96)))))
    predicted.review.take(tile(predicted, disc()))
    coming.start()
    predicted.review.accept_all()
    qtbot.waitUntil(lambda: predicted.labels.counts[1] == disc().sum(), timeout=3_000)
    coming.stop()


def test_that_an_unfinished_stroke_does_not_overwrite_accepted_voxels(predicted: Session, qtbot: QtBot) -> None:
    predicted.annotation.set_active_class(0)
    predicted.annotation.press(Pointer(40, 20))
    predicted.annotation.move(Pointer(40, 40))
    predicted.review.accept_all()
    predicted.annotation.cancel()
    settled(predicted, qtbot)
    assert np.array_equal(read_labels(predicted.project.path, predicted.case.case)[0].values, predicted.labels.values)
    assert predicted.labels.counts[UNLABELLED] == 0
