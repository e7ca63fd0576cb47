"""The runner answers a stroke with a quick guess at once, whatever else it is doing."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
import pytest
from worker.driving import SMALL, advance, stroke

from unetstudio.data.classes import ClassTable
from unetstudio.data.prediction import is_guess
from unetstudio.data.region import Region
from unetstudio.formats import discover
from unetstudio.inference.events import CasePredicted, TilePredicted
from unetstudio.pixel_classifier.picture_bank import PictureBank
from unetstudio.project.project import Project
from unetstudio.training.events import QuickGuess, RoundDone, StepDone, TrainingStarted
from unetstudio.worker.messages import Event, LabelsEdited, OpenStudy, PauseTraining, ShowView, Train
from unetstudio.worker.runner import Runner
from unetstudio.workspace.add_images import CaseRead, read_images

T = TypeVar("T")

WIDTH = 700
"""Columns of the picture: three blocks of features."""


class Driven:
    """A runner on a project with one case on screen, and its events."""

    def __init__(self, project: Project) -> None:
        self.events: list[Event] = []
        self.runner = Runner(self.events.append)
        self.case = project.cases[0]
        self._sequence = 0
        self.runner.handle(OpenStudy(project.folder, project.classes, project.cases))
        self.runner.handle(Train(SMALL))
        self.runner.handle(ShowView(self.case.id, Region.whole(self.case.shape), (0, 32, 300)))

    def paint(self, edit: object) -> None:
        """Send an edit, and forget the events so far."""
        self._sequence += 1
        self.events.clear()
        self.runner.handle(LabelsEdited(self.case.id, self._sequence, edit))  # type: ignore[arg-type]

    def begin(self) -> None:
        """Paint both classes."""
        self.paint(stroke(0, 4, slice(4, 60)))
        self.paint(stroke(1, 32, slice(20, 40)))

    def until(self, kind: type[Event], count: int = 1) -> None:
        """Advance until so many events of a kind have come since the last stroke."""
        advance(self.runner, self.events, lambda _: sum(isinstance(event, kind) for event in self.events) >= count)

    def seen(self) -> np.ndarray:
        """Advance until the view is predicted, and return its class values (Y, X)."""
        self.until(CasePredicted)
        values = np.zeros(self.case.shape[1:], np.int64)
        for tile in self.of(TilePredicted):
            values[tile.region.slices[1:]] = tile.probabilities.argmax(0)[0]
        return values

    def of(self, kind: type[T]) -> list[T]:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def driven(tmp_path: Path) -> Driven:
    """A picture of bright discs."""
    picture = np.full((64, WIDTH), 40, np.uint8)
    for x in range(28, WIDTH, 60):
        cv2.circle(picture, (x, 32), 14, 200, -1)
    cv2.imwrite(str(tmp_path / "discs.png"), picture)
    project = Project.create(tmp_path / "discs.unetstudio", ClassTable.named(["background", "disc"], [(90, 90, 90), (0, 200, 0)]))
    project.add_cases(found.case for found in read_images(discover([tmp_path])) if isinstance(found, CaseRead))
    project.save()
    return Driven(project)


def test_that_the_first_guess_is_on_screen_before_the_network_has_begun(driven: Driven) -> None:
    driven.begin()
    driven.until(TrainingStarted)
    names = [type(event).__name__ for event in driven.events if not isinstance(event, TilePredicted)]
    assert names == ["QuickGuess", "CasePredicted", "QuickGuess", "TrainingStarted"]
    assert driven.of(TilePredicted)
    assert all(is_guess(tile.checkpoint) for tile in driven.of(TilePredicted))


def test_that_the_second_class_finds_the_features_computed(driven: Driven, monkeypatch: pytest.MonkeyPatch) -> None:
    driven.paint(stroke(0, 4, slice(4, 60)))
    while driven.runner.busy:
        driven.runner.advance()
    monkeypatch.setattr(PictureBank, "features", lambda self, scan, region: pytest.fail("features were computed"))
    driven.paint(stroke(1, 32, slice(20, 40)))
    driven.runner.advance()
    assert [type(event).__name__ for event in driven.events] == ["QuickGuess"]


def test_that_a_stroke_is_answered_while_the_view_is_still_being_predicted(driven: Driven) -> None:
    driven.begin()
    driven.until(TilePredicted)
    before = driven.of(TilePredicted)[0]
    driven.paint(stroke(1, 32, slice(690, 694)))
    driven.until(TilePredicted)
    assert [type(event).__name__ for event in driven.events] == ["QuickGuess", "TilePredicted"]
    tile = driven.of(TilePredicted)[0]
    assert tile.checkpoint != before.checkpoint
    assert tile.region.stop[2] == WIDTH  # the stroke's block comes first


def test_that_a_stroke_is_answered_with_the_network_of_the_last_round(driven: Driven) -> None:
    driven.begin()
    driven.until(RoundDone)
    step = driven.of(RoundDone)[-1].step
    driven.events.clear()
    driven.until(StepDone)  # the view is predicted, and training goes on
    driven.paint(stroke(1, 33, slice(20, 40)))
    driven.until(CasePredicted)
    assert {tile.checkpoint for tile in driven.of(TilePredicted)} == {f"step-{step}.2"}


def test_that_strokes_in_quick_succession_do_not_keep_the_view_from_the_screen(driven: Driven) -> None:
    driven.begin()
    for row in range(33, 37):
        driven.until(QuickGuess)
        driven.paint(stroke(1, row, slice(20, 40)))  # before the view could be predicted
        driven.until(QuickGuess)
        assert [type(event).__name__ for event in driven.events] == ["TilePredicted", "QuickGuess"]


def test_that_strokes_that_come_together_are_answered_together(driven: Driven) -> None:
    driven.begin()
    driven.until(RoundDone)
    driven.paint(stroke(1, 33, slice(20, 40)))
    driven.paint(stroke(1, 34, slice(20, 40)))
    driven.until(RoundDone)
    assert len(driven.of(QuickGuess)) == 1


def test_that_a_flood_that_is_undone_no_longer_rules_the_next_prediction(driven: Driven) -> None:
    driven.begin()
    before = driven.seen()
    flood = stroke(1, 48, slice(0, WIDTH), height=14)
    driven.paint(flood)
    driven.until(RoundDone, 12)
    driven.events.clear()
    flooded = driven.seen()
    assert flooded[48:62].mean() > 0.5 > before[48:62].mean()
    driven.paint(flood.inverse())
    driven.until(QuickGuess)
    driven.events.clear()
    assert (driven.seen() == before).all()


def test_that_a_learner_that_goes_on_after_a_pause_does_not_fall_back_to_the_guess(driven: Driven) -> None:
    driven.begin()
    driven.until(RoundDone)
    driven.runner.handle(PauseTraining())
    driven.paint(stroke(1, 33, slice(20, 40)))
    while driven.runner.busy:
        driven.runner.advance()
    assert not driven.of(QuickGuess)  # a pause is a pause
    driven.events.clear()
    driven.runner.handle(Train(SMALL))
    driven.until(RoundDone)
    assert driven.of(QuickGuess)
    assert driven.of(TilePredicted)
    assert not any(is_guess(tile.checkpoint) for tile in driven.of(TilePredicted))


def test_that_a_learner_that_begins_anew_has_the_guess_at_once(driven: Driven) -> None:
    driven.begin()
    driven.until(RoundDone)
    driven.events.clear()
    driven.runner.handle(Train(SMALL, resume=False))
    driven.until(TrainingStarted)
    assert driven.of(QuickGuess)
    assert is_guess(driven.of(TilePredicted)[-1].checkpoint)


def test_that_what_one_class_alone_leaves_is_no_guess(driven: Driven) -> None:
    driven.paint(stroke(0, 4, slice(4, 60)))
    second = stroke(1, 32, slice(20, 40))
    driven.paint(second)
    driven.until(QuickGuess)
    driven.paint(second.inverse())
    while driven.runner.busy:
        driven.runner.advance()
    driven.runner.handle(ShowView(driven.case.id, Region.whole(driven.case.shape), (0, 32, 300)))
    assert not driven.runner.busy
