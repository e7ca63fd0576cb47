"""Takes requests, runs jobs, sends events: the same for the window's worker process and for the command line.

Jobs are generators on a stack; the topmost is advanced one step at a time, so that a prediction that is asked for runs between two
training steps, and painting is learnt from the next step on.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from unetstudio.data.case import Case
from unetstudio.data.scan import Scan
from unetstudio.data.study import Study, StudyCase
from unetstudio.errors import CheckpointError, UserError
from unetstudio.formats import read
from unetstudio.inference.predictor import Predictor
from unetstudio.networks.computer import describe
from unetstudio.networks.network import NETWORKS
from unetstudio.project.store import read_labels
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import RoundDone, TrainingFinished, TrainingStarted
from unetstudio.training.fit import Trainer
from unetstudio.training.start import Start, load_start
from unetstudio.worker import jobs
from unetstudio.worker.messages import (
    CasesChanged,
    ClassesChanged,
    DescribeDevice,
    Event,
    JobFailed,
    LabelsEdited,
    NetworkChoice,
    OpenStudy,
    PauseTraining,
    PredictCases,
    Request,
    ShowView,
    Stop,
    StudyOpened,
    Train,
    TrainingPaused,
    TrainingWaits,
    WorkerReady,
)
from unetstudio.worker.run_log import RunLog

OTHERS_EVERY = 4
"""After one round in this many, one case that is not on screen is predicted as well."""

SETTLED = 48
"""Rounds without new strokes and without a better score after which training rests."""

Job = Generator[Event | None, None, None]


@dataclass(eq=False)
class _Running:
    """A job and what it is called in `JobFailed`."""

    name: str
    steps: Job
    case: str = ""


class Runner:
    """The state of a worker: the study, the training, what is on screen, and the jobs in hand."""

    def __init__(self, send: Callable[[Event], None]) -> None:
        self._send = send
        self._stack: list[_Running] = []
        self._opened: OpenStudy | None = None
        self._study: Study | None = None
        self._trainer: Trainer | None = None
        self._settings: TrainingSettings | None = None  # None: paused, or never asked to train
        self._loaded: Predictor | None = None  # of the newest checkpoint, until training has something better
        self._view: ShowView | None = None
        self._waiting: list[str] = []  # cases to be predicted when there is time
        self._log: RunLog | None = None
        self._best = -1.0
        self._best_round = 0
        self._rested_at = -1  # revision of the study at which training came to rest

    # ---------------------------------------------------------------------------------------------------- requests

    def begin(self) -> None:
        """Says what this worker can do."""
        choices = (NetworkChoice(name, kind.title, kind.description, kind.dims) for name, kind in NETWORKS.items())
        self._send(WorkerReady(os.getpid(), describe(), tuple(choices)))

    def end(self) -> None:
        """Closes all jobs; a training saves its state."""
        while self._stack:
            self._stack.pop().steps.close()

    @property
    def busy(self) -> bool:
        """Whether a job is in hand."""
        return bool(self._stack)

    def handle(self, request: Request) -> None:
        """Takes one request; what goes wrong is an event, never the end of the worker."""
        try:
            self._handle(request)
        except UserError as error:
            self._send(JobFailed(type(request).__name__, str(error)))
        except Exception as error:  # noqa: BLE001 - a bug in one request must not end the worker
            self._send(JobFailed(type(request).__name__, _bug(error), traceback.format_exc()))

    def _handle(self, request: Request) -> None:
        match request:
            case OpenStudy():
                self._open(request)
            case LabelsEdited():
                self._edited(request)
            case CasesChanged():
                if self._study is not None and self._opened is not None:
                    self._opened = replace(self._opened, cases=request.cases)
                    self._study.set_cases(self._study_cases(request.cases))
                    self._want(case.id for case in request.cases)
                    self._wake()  # what training waits for is no longer the first image
            case ClassesChanged():
                if self._study is not None:
                    self._study.set_classes(request.classes)
                    self._wake()
            case Train():
                self._train(request)
            case PauseTraining():
                self._settings = None
                if self._end_training():
                    self._send(TrainingPaused(self._trainer.step if self._trainer is not None else 0))
                    self._want(self._study.cases if self._study is not None else ())
            case ShowView():
                self._view = request
                self._show()
            case PredictCases():
                self._waiting.clear()
                self._want(request.cases or tuple(self._study.cases if self._study is not None else ()))
            case DescribeDevice():
                self._push(_Running("device", jobs.describe_device(request.measure)))
            case Stop():
                if self._stack:
                    self._stack.pop().steps.close()

    def _open(self, request: OpenStudy) -> None:
        self.end()
        self._opened, self._trainer, self._view, self._loaded = request, None, None, None
        self._settings, self._waiting, self._rested_at = None, [], -1
        self._study = Study(request.classes, self._study_cases(request.cases))
        checkpoint = ""
        try:
            self._loaded = Predictor.load(load_start(request.project, resume=False).path)
            checkpoint = self._loaded.checkpoint
        except CheckpointError:
            self._loaded = None  # none yet, or none that is whole: training makes one
        self._send(StudyOpened(len(request.cases), checkpoint))

    def _study_cases(self, cases: tuple[Case, ...]) -> list[StudyCase]:
        assert self._opened is not None
        known = self._study.cases if self._study is not None else {}
        return [known.get(case.id) or self._study_case(case) for case in cases]

    def _study_case(self, case: Case) -> StudyCase:
        assert self._opened is not None
        try:
            labels, sequence = read_labels(self._opened.project, case)
        except UserError as error:
            self._send(JobFailed("labels", str(error), case=case.id))
            return StudyCase(case, lambda: read(case.source))
        return StudyCase(case, lambda: read(case.source), labels if sequence else None, sequence)

    def _edited(self, request: LabelsEdited) -> None:
        if self._study is not None and self._study.apply(request.case, request.sequence, request.edit) is not None:
            self._wake()

    # ---------------------------------------------------------------------------------------------------- training

    def _train(self, request: Train) -> None:
        self._settings = request.settings
        if self._study is None or self._opened is None:
            return
        self._end_training()
        start = self._start(request, self._opened.project, self._study)
        if not request.resume:
            self._loaded = None
        folder = self._opened.project / "checkpoints"
        self._trainer = Trainer(self._study, request.settings, checkpoints=folder, start=start, write=jobs.write_durably)
        self._best, self._best_round, self._rested_at = -1.0, 0, -1
        self._wake()

    def _start(self, request: Train, project: Path, study: Study) -> Start | None:
        """The checkpoint to begin from, if there is one that fits."""
        if request.init is not None:
            return load_start(request.init, resume=False)
        if not request.resume:
            return None
        try:
            start = load_start(project)
        except CheckpointError:
            return None  # nothing learned yet
        return start if _fits(start, study, request.settings) else None

    def _wake(self) -> None:
        """Begins or goes on training when it is wanted and there is something to learn."""
        if self._study is None or self._opened is None or self._settings is None or self._trainer is None or self._training:
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
            self._stack.insert(0, _Running("training", self._trainer.run()))

    @property
    def _training(self) -> bool:
        return any(job.name == "training" for job in self._stack)

    def _end_training(self) -> bool:
        for job in [job for job in self._stack if job.name == "training"]:
            self._stack.remove(job)
            job.steps.close()
            return True
        return False

    def _round_done(self, event: RoundDone) -> None:
        """What is on screen is predicted anew; now and then another case; and a training that no longer learns rests."""
        assert self._study is not None
        if event.score is not None and event.score > self._best + 0.002:
            self._best, self._best_round = event.score, event.round
        open_ended = self._settings is not None and not (self._settings.seconds or self._settings.steps)
        if open_ended and event.round - self._best_round >= SETTLED and event.score is not None:
            self._rested_at = self._study.revision
            self._end_training()
            self._send(TrainingFinished(event.step, event.seconds, "settled"))
            self._want(self._study.cases)
        if event.round % OTHERS_EVERY == 0:
            if not self._waiting:  # all were predicted once: begin again with better weights
                self._waiting += [case for case in self._study.cases if self._view is None or case != self._view.case]
            self._predict_next()
        self._show()

    # -------------------------------------------------------------------------------------------------- prediction

    def _predictor(self) -> Predictor | None:
        if self._trainer is not None and self._trainer.learner is not None and self._trainer.round > 0:
            return self._trainer.predictor()
        return self._loaded

    def _show(self) -> None:
        """Predicts what is on screen, instead of what was."""
        for job in [job for job in self._stack if job.name == "view"]:
            self._stack.remove(job)
            job.steps.close()
        predictor = self._predictor()
        if self._view is None or predictor is None or self._study is None or self._view.case not in self._study.cases:
            return
        view = self._view
        steps = jobs.predict_view(predictor, self._loader(view.case), view.case, view.region, view.focus, self._case_folder(view.case))
        self._push(_Running("view", steps, view.case))

    def _want(self, cases: Iterable[str]) -> None:
        """Cases to be predicted when there is time, each once."""
        self._waiting += [case for case in cases if case not in self._waiting]
        self._predict_next_when_idle()

    def _predict_next_when_idle(self) -> None:
        if not self._stack:
            self._predict_next()

    def _predict_next(self) -> None:
        predictor = self._predictor()
        while self._waiting and predictor is not None and self._study is not None:
            case = self._waiting.pop(0)
            if case in self._study.cases:
                steps = jobs.predict_case(predictor, self._loader(case), case, self._case_folder(case))
                self._push(_Running("case", steps, case))
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

    def _push(self, job: _Running) -> None:
        self._stack.append(job)

    def advance(self) -> None:
        """One step of the topmost job."""
        if not self._stack:
            return
        job = self._stack[-1]
        try:
            event = next(job.steps)
        except StopIteration:
            self._ended(job)
        except UserError as error:
            self._ended(job)
            self._send(JobFailed(job.name, str(error), case=job.case))
        except Exception as error:  # noqa: BLE001 - a bug in one job must not end the worker
            self._ended(job)
            self._send(JobFailed(job.name, _bug(error), traceback.format_exc(), job.case))
        else:
            if event is not None:
                self._send(event)
            if job.name == "training" and self._log is not None:
                self._log.add(event)
            if isinstance(event, RoundDone):
                self._round_done(event)
            elif isinstance(event, TrainingStarted):
                self._show()

    def _ended(self, job: _Running) -> None:
        if job in self._stack:
            self._stack.remove(job)
        self._predict_next_when_idle()


def _fits(start: Start, study: Study, settings: TrainingSettings) -> bool:
    """Whether a checkpoint can be gone on from under these settings."""
    card = start.checkpoint
    wishes = {"depth": settings.depth, "base": settings.base, "dims": settings.dims}
    same = all(not wish or card.config.get(name) == wish for name, wish in wishes.items())
    norm = settings.norm == "auto" or card.config.get("norm") == settings.norm
    channels = {found.case.channels for found in study.cases.values()}
    return card.network == settings.network and same and norm and channels <= {int(card.intensity.get("channels", 0))}


def _bug(error: Exception) -> str:
    return f"Something went wrong in the learner ({type(error).__name__}); your work is safe, and painting goes on."
