"""Takes requests, runs jobs, sends events: the same for the window's worker process and for the command line.

Jobs are generators on a stack; the topmost is advanced one step at a time, so that a prediction that is asked for runs between two
training steps, and painting is learnt from the next step on.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from unetstudio.data.case import Case
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.data.study import Study, StudyCase
from unetstudio.errors import CheckpointError, UserError
from unetstudio.formats import read
from unetstudio.inference.predictor import Predictor
from unetstudio.networks.allocator import give_back
from unetstudio.networks.computer import describe
from unetstudio.networks.network import name_of
from unetstudio.project.annotators import Annotators
from unetstudio.project.store import read_labels
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import RoundDone, TrainingFinished, TrainingStarted
from unetstudio.training.fit import Trainer
from unetstudio.training.start import Start, load_start, to_use
from unetstudio.worker import jobs, network_jobs
from unetstudio.worker.messages import (
    STUDY_JOBS,
    CasesChanged,
    ClassesChanged,
    CloseStudy,
    Event,
    JobFailed,
    LabelsEdited,
    OpenStudy,
    PauseTraining,
    PredictCases,
    Request,
    ShowView,
    StopTask,
    StudyOpened,
    TaskEnded,
    TaskEvent,
    TaskRequest,
    Train,
    TrainingPaused,
    TrainingWaits,
    WorkerReady,
)
from unetstudio.worker.run_log import RunLog
from unetstudio.worker.side_jobs import job_of
from unetstudio.worker.stack import Running, Stack, end_if_lost, failure

OTHERS_EVERY = 4
"""After one round in this many, one case that is not on screen is predicted as well."""

SETTLED = 48
"""Rounds without new strokes and without a better score after which training rests."""

SHARE, FRESH_SHARE, FRESH = 0.5, 0.25, 60.0
"""Share of training's time that a whole case in the background takes; and so many seconds after a stroke, which is to be learnt first."""


class Runner:
    """The state of a worker: the study, the training, what is on screen, and the jobs in hand."""

    def __init__(self, send: Callable[[Event], None]) -> None:
        self._send = send
        self._jobs = Stack(send)
        self._opened: OpenStudy | None = None
        self._study: Study | None = None
        self._trainer: Trainer | None = None
        self._settings: TrainingSettings | None = None  # None: paused, or never asked to train
        self._loaded: Predictor | None = None  # of the newest checkpoint, until training has something better
        self._view: ShowView | None = None
        self._waiting: list[str] = []  # cases to be predicted when there is time
        self._all_wanted = False  # whether cases that are not on screen are predicted as well while training goes on
        self._failed: set[str] = set()  # cases whose prediction failed: not tried again until something is asked anew
        self._log: RunLog | None = None
        self._best, self._best_round = -1.0, 0
        self._edited_at = 0.0  # when the last stroke came
        self._rested_at = -1  # revision of the study at which training came to rest

    # ---------------------------------------------------------------------------------------------------- requests

    def begin(self) -> None:
        """Says what this worker can do."""
        self._send(WorkerReady(os.getpid(), describe(), network_jobs.choices()))

    def end(self) -> None:
        """Closes all jobs; a training saves its state."""
        self._jobs.close_all()

    @property
    def busy(self) -> bool:
        """Whether a job is in hand."""
        return len(self._jobs) > 0

    def handle(self, request: Request) -> None:
        """Takes one request; what goes wrong is an event, never the end of the worker."""
        try:
            self._handle(request)
        except Exception as error:  # noqa: BLE001 - a bug in one request must not end the worker
            failed = failure(type(request).__name__, error)
            self._send(TaskEnded(request.task, failed.text, failed.detail) if isinstance(request, TaskRequest) else failed)
            end_if_lost(error)

    def _handle(self, request: Request) -> None:
        match request:
            case OpenStudy():
                self._open(request)
            case CloseStudy():
                self._forget()
            case LabelsEdited():
                self._edited(request)
            case CasesChanged():
                self._cases_changed(request.cases)
            case ClassesChanged():
                if self._study is not None:
                    self._study.set_classes(request.classes)
                    self._wake()
            case Train():
                self._train(request)
            case PauseTraining():
                self._settings = None
                if self._jobs.close("training"):
                    self._send(TrainingPaused(self._trainer.step if self._trainer is not None else 0))
                    self._want(self._study.cases if self._study is not None else ())
            case ShowView():
                self._view = request
                self._failed.discard(request.case)
                self._show()
            case PredictCases():
                self._all_wanted = not request.cases
                self._waiting, self._failed = [], set()
                self._want(request.cases or tuple(self._study.cases if self._study is not None else ()))
            case StopTask():
                self._jobs.stop(request.task)
            case _ if isinstance(request, TaskRequest):
                self._jobs.push(job_of(request, self._opened))

    def _forget(self) -> None:
        """No project; the computer is still looked at, and networks are still measured or exported, for whoever asked."""
        self._jobs.close(*STUDY_JOBS, "folder", "averaging", error=UserError("The project was closed."))
        self._opened, self._study, self._trainer, self._view, self._loaded = None, None, None, None, None
        self._settings, self._waiting, self._all_wanted, self._failed, self._rested_at = None, [], False, set(), -1
        give_back()

    def _open(self, request: OpenStudy) -> None:
        self._forget()
        self._opened = request
        self._study = Study(request.classes, self._study_cases(request.cases))
        try:
            self._loaded = Predictor.load(to_use(request.project / "checkpoints"))
            using = (self._loaded.checkpoint, name_of(self._loaded.network))
        except CheckpointError:
            self._loaded, using = None, ("", "")  # none yet, or none that is whole: training makes one
        self._send(StudyOpened(request.project, len(request.cases), *using))

    def _study_cases(self, cases: tuple[Case, ...]) -> list[StudyCase]:
        assert self._opened is not None
        known = self._study.cases if self._study is not None else {}
        return [self._study_case(case, case.id in known) for case in cases]

    def _study_case(self, case: Case, known: bool) -> StudyCase:
        """With its labels from the disk, but of a case that is `known`: the study has these."""
        assert self._opened is not None
        labels, sequence = None, 0
        try:
            if not known:
                labels, sequence = read_labels(self._opened.project, case)
        except UserError as error:
            self._send(JobFailed("labels", str(error), case=case.id))
        return StudyCase(case, lambda: read(case.source), labels if sequence else None, sequence)

    def _cases_changed(self, cases: tuple[Case, ...]) -> None:
        """Only images that are new, or lie elsewhere now, are to be predicted."""
        if self._study is None or self._opened is None:
            return
        before = {id: found.case.source for id, found in self._study.cases.items()}
        self._opened = replace(self._opened, cases=cases)
        self._study.set_cases(self._study_cases(cases))
        fresh = [case.id for case in cases if before.get(case.id) != case.source]
        self._failed.difference_update(fresh)
        self._want(fresh)
        self._wake()  # what training waits for is no longer the first image

    def _edited(self, request: LabelsEdited) -> None:
        self._edited_at = time.monotonic()
        if self._study is not None and self._study.apply(request.case, request.sequence, request.edit) is not None:
            self._wake()

    # ---------------------------------------------------------------------------------------------------- training

    def _train(self, request: Train) -> None:
        self._settings = request.settings
        if self._study is None or self._opened is None:
            return
        self._jobs.close("training")
        start = self._start(request, self._opened.project, self._study)
        if not request.resume or (start is not None and self._loaded is not None and type(start.network) is not type(self._loaded.network)):
            self._loaded = None
        self._study.take_back(all=True)
        project, write = self._opened.project, jobs.write_durably
        names, folder = Annotators(project / "cases").names, project / "checkpoints"
        self._trainer = Trainer(self._study, request.settings, checkpoints=folder, start=start, write=write, people=names)
        self._best, self._best_round, self._rested_at = -1.0, 0, -1
        self._wake()

    def _start(self, request: Train, project: Path, study: Study) -> Start | None:
        """The checkpoint to begin from, if there is one that fits."""
        if request.init is not None:
            return load_start(request.init, resume=False)
        if not request.resume:
            return None
        try:
            start = load_start(project, like=request.settings)
        except CheckpointError:
            return None  # nothing learned yet
        return start if start.fits(study, request.settings) else None

    def _wake(self) -> None:
        """Begins or goes on training when it is wanted and there is something to learn."""
        if self._study is None or self._opened is None or self._settings is None or self._trainer is None or self._jobs.has("training"):
            return
        reason = self._study.ready()
        if reason is not None:
            self._send(TrainingWaits(reason))
        elif self._rested_at != self._study.revision:
            self._best_round = self._trainer.round
            if self._trainer.learner is not None:  # its generator was closed: go on from what it saved
                self._train(Train(self._settings))
                return
            self._log = RunLog(self._opened.project / "runs")
            self._jobs.put_under(Running("training", self._trainer.run()))

    def _round_done(self, event: RoundDone) -> None:
        """What is on screen is predicted anew; now and then another case; and a training that no longer learns rests."""
        assert self._study is not None
        if event.score is not None and event.score > self._best + 0.002:
            self._best, self._best_round = event.score, event.round
        open_ended = self._settings is not None and not (self._settings.seconds or self._settings.steps)
        if open_ended and event.round - self._best_round >= SETTLED and event.score is not None:
            self._rested_at = self._study.revision
            self._jobs.close("training")
            self._send(TrainingFinished(event.step, event.seconds, "settled"))
            self._want(self._study.cases)
        if self._all_wanted and event.round % OTHERS_EVERY == 0:
            if not self._waiting:  # all were predicted once: begin again with better weights
                self._waiting += [case for case in self._study.cases if not self._whole_in_view(case)]
            self._predict_next()
        self._show()

    # -------------------------------------------------------------------------------------------------- prediction

    def _predictor(self) -> Predictor | None:
        if self._trainer is not None and self._trainer.learner is not None and self._trainer.round > 0:
            return self._trainer.predictor()
        return self._loaded

    def _show(self) -> None:
        """Predicts what is on screen, instead of what was."""
        self._jobs.close("view")
        predictor, view = self._predictor(), self._view
        if view is None or predictor is None or self._study is None or view.case not in self._study.cases or view.case in self._failed:
            return
        steps = jobs.predict_view(predictor, self._loader(view.case), view, self._case_folder(view.case))
        self._jobs.push(Running("view", steps, view.case))

    def _whole_in_view(self, case: str) -> bool:
        """Whether all of a case is on screen: then the view's prediction is the case's."""
        if self._study is None or self._view is None or self._view.case != case:
            return False
        shape = self._study.cases[case].case.shape
        return self._view.region.clipped(shape) == Region.whole(shape)

    def _want(self, cases: Iterable[str]) -> None:
        """Cases to be predicted when there is time, each once."""
        self._waiting += [case for case in cases if case not in self._waiting]
        self._predict_next_when_idle()

    def _predict_next_when_idle(self) -> None:
        if not self._jobs:
            self._predict_next()

    def _predict_next(self) -> None:
        predictor = None if self._jobs.has("case") else self._predictor()
        while self._waiting and predictor is not None and self._study is not None:
            case = self._waiting.pop(0)
            if case in self._study.cases and case not in self._failed:
                steps = jobs.predict_case(predictor, self._loader(case), case, self._case_folder(case))
                self._jobs.push(Running("case", steps, case))
                return

    def _loader(self, case: str) -> Callable[[], Scan]:
        """Reads the scan within its job, where a file that cannot be read is the job's failure and no more."""
        study = self._study
        assert study is not None
        return lambda: study.scan(case)

    def _case_folder(self, case: str) -> Path:
        assert self._opened is not None
        return self._opened.project / "cases" / case

    # -------------------------------------------------------------------------------------------------------- jobs

    def advance(self) -> None:
        """One step of the job whose turn it is."""
        began = time.perf_counter()
        job = self._jobs.turn(FRESH_SHARE if time.monotonic() - self._edited_at < FRESH else SHARE)
        if job is None:
            return
        try:
            event = next(job.steps)
            self._jobs.spent(job, time.perf_counter() - began)
            self._jobs.report(job, event)
            self._follow(job, event)
        except StopIteration:
            self._ended(job)
        except Exception as error:  # noqa: BLE001 - a bug in one job must not end the worker
            if job.case:
                self._failed.add(job.case)
            self._jobs.remove(job, error)
            end_if_lost(error)
            self._ended(job)

    def _follow(self, job: Running, event: Event | TaskEvent | None) -> None:
        """What an event of a job brings with it."""
        if job.name == "training" and self._log is not None:
            self._log.add(event)
        if isinstance(event, RoundDone):
            self._round_done(event)
        elif isinstance(event, TrainingStarted):
            self._show()
        elif isinstance(event, TrainingFinished) and self._study is not None:
            self._rested_at = self._study.revision
            if (reason := self._study.ready()) is not None:
                self._send(TrainingWaits(reason))

    def _ended(self, job: Running) -> None:
        self._jobs.remove(job)
        if job.name != "view":  # which is soon followed by another
            give_back()
        self._predict_next_when_idle()
