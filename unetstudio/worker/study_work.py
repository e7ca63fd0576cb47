"""A worker's state for the project it works on: the live study, the learner, and the schedulers of training and predictions."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from unetstudio.data.case import Case
from unetstudio.data.study import Study, StudyCase
from unetstudio.errors import UserError
from unetstudio.formats import read
from unetstudio.learners.learner import LEARNERS, USUAL
from unetstudio.project.identity import ProjectIdentity
from unetstudio.project.store import read_labels
from unetstudio.training.events import QuickGuess, RoundDone, TrainingFinished, TrainingStarted
from unetstudio.worker.job_stack import JobStack
from unetstudio.worker.messages import (
    CasesChanged,
    ClassesChanged,
    Event,
    JobFailed,
    LabelsEdited,
    OpenStudy,
    PauseTraining,
    PredictCases,
    Request,
    ShowView,
    StudyOpened,
    TaskEvent,
    Train,
)
from unetstudio.worker.prediction_scheduler import PredictionScheduler
from unetstudio.worker.training_scheduler import TrainingScheduler

FRESH = 60.0
"""Seconds after a stroke in which training on it has priority."""

SHARE, FRESH_SHARE = 0.5, 0.25
"""Share of training's time that a background prediction takes: usually, and for FRESH seconds after a stroke."""


class StudyWork:
    """Work on one project. It reads the stored labels once, and then follows the window's Edits."""

    def __init__(self, request: OpenStudy, stack: JobStack, send: Callable[[Event], None]) -> None:
        self.opened = request  # with the current list of cases
        self._send = send
        self._edited_at = 0.0  # when the last stroke came
        self._study = Study(request.classes, [self._read(case) for case in request.cases])
        self._learner = LEARNERS[USUAL](self._study, request.project)
        project = ProjectIdentity(request.project)
        self.predictions = PredictionScheduler(self._study, self._learner, project, stack)
        self._training = TrainingScheduler(self._study, self._learner, project, stack, send)

    @property
    def background_share(self) -> float:
        """Share of training's time that a background job may take now."""
        return FRESH_SHARE if time.monotonic() - self._edited_at < FRESH else SHARE

    @property
    def description(self) -> StudyOpened:
        """The event that describes the project as read from the disk."""
        predictor = self._learner.predictor()
        checkpoint, network = ("", "") if predictor is None else (predictor.checkpoint, self._learner.network)
        return StudyOpened(self.opened.project, len(self.opened.cases), checkpoint, network)

    def handle(self, request: Request) -> None:
        """Handle a request about this project."""
        match request:
            case LabelsEdited():
                self._edit(request)
            case CasesChanged():
                self._set_cases(request.cases)
            case ClassesChanged():
                self._study.set_classes(request.classes)
                self._training.wake()
            case Train():
                self._training.train(request)
            case PauseTraining():
                if self._training.pause():
                    self.predictions.add(self._study.cases)
            case ShowView():
                self.predictions.show(request)
            case PredictCases():
                self.predictions.predict(request.cases)

    def _edit(self, request: LabelsEdited) -> None:
        """Replay an Edit, unless the labels hold it already."""
        self._edited_at = time.monotonic()
        region = self._study.apply(request.case, request.sequence, request.edit)
        if region is not None:
            self.predictions.look_at(request.case, region)
            self._training.wake()

    def _set_cases(self, cases: tuple[Case, ...]) -> None:
        """Take a new list of cases; only images that are new or moved are to be predicted."""
        before = {id: member.case.source for id, member in self._study.cases.items()}
        self.opened = replace(self.opened, cases=cases)
        self._study.set_cases([self._member(case) if case.id in before else self._read(case) for case in cases])
        self.predictions.add_fresh(case.id for case in cases if before.get(case.id) != case.source)
        self._training.wake()  # what training waits for is no longer the first image

    def follow(self, event: Event | TaskEvent | None) -> None:
        """React to an event of training."""
        match event:
            case TrainingStarted() | QuickGuess():
                self.predictions.refresh_view()
            case RoundDone():
                if self._training.round_done(event):
                    self.predictions.add(self._study.cases)
                self.predictions.round_done(event.round)
            case TrainingFinished():
                self._training.finished()

    def _read(self, case: Case) -> StudyCase:
        """Return a case with its labels from the disk; labels that cannot be read are reported."""
        try:
            labels, sequence = read_labels(self.opened.project, case, accept_damage=self.opened.accept_damage)
        except UserError as error:
            self._send(JobFailed("labels", str(error), case=case.id))
            return self._member(case)
        return StudyCase(case, lambda: read(case.source), labels if sequence else None, sequence)

    def _member(self, case: Case) -> StudyCase:
        return StudyCase(case, lambda: read(case.source))
