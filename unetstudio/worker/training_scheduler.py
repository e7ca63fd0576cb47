"""The start and pause of learning: it waits for labels of two classes, answers each stroke with a quick guess, rests on a plateau, and
continues with new labels."""

from __future__ import annotations

from collections.abc import Callable

from unetstudio.data.study import Study
from unetstudio.learners.learner import Learner
from unetstudio.project.identity import ProjectIdentity
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import RoundDone, TrainingFinished
from unetstudio.worker.job_stack import GUESS, Job, JobStack, Steps
from unetstudio.worker.messages import Event, Train, TrainingPaused, TrainingWaits
from unetstudio.worker.run_log import RunLog

PLATEAU = 48
"""Rounds without new labels and without a better score after which training rests."""

GAIN = 0.002
"""Least increase over the best score that counts as better."""


class TrainingScheduler:
    """Runs a learner as a job on the stack, and logs its events in the project's folder `runs`."""

    def __init__(self, study: Study, learner: Learner, project: ProjectIdentity, stack: JobStack, send: Callable[[Event], None]) -> None:
        self._study, self._learner, self._project, self._jobs, self._send = study, learner, project, stack, send
        self._settings: TrainingSettings | None = None  # None: paused, or not yet asked to train
        self._fresh = False  # whether the learner was prepared with these settings and has not run yet
        self._best, self._best_round = -1.0, 0
        self._guessed_at = -1  # revision of the study that the quick guess answers
        self._rested_at = -1  # revision of the study when training came to rest

    def train(self, request: Train) -> None:
        """Begin training, or continue, as soon as there is something to learn from."""
        self._settings = None
        self._jobs.close("training")
        self._learner.begin(request.settings, resume=request.resume, init=request.init)
        self._settings, self._fresh = request.settings, True
        self._best, self._best_round, self._rested_at, self._guessed_at = -1.0, 0, -1, -1
        self.wake()

    def pause(self) -> bool:
        """Stop training until the next `train`, and return whether it was under way."""
        self._settings = None
        self._jobs.close(GUESS)
        paused = self._jobs.close("training")
        if paused:
            self._send(TrainingPaused(self._learner.step))
        return paused

    def wake(self) -> None:
        """Answer changed labels with a quick guess, and begin or continue training, if it was asked for and there is something new."""
        if self._settings is None:
            return
        if self._guessed_at != self._study.revision and not self._jobs.has(GUESS):
            self._jobs.push(Job(GUESS, self._guess()))
        if self._jobs.has("training"):
            return
        reason = self._study.reason_to_wait()
        if reason is not None:
            self._send(TrainingWaits(reason))
        elif self._rested_at == self._study.revision:
            return
        elif self._fresh:
            self._fresh = False
            self._jobs.put_under(Job("training", self._logged(RunLog(self._project.folder / "runs", self._project))))
        else:
            self.train(Train(self._settings))  # from the state saved when it came to rest

    def round_done(self, event: RoundDone) -> bool:
        """Rest when the score has not risen for long, and return whether training rests now."""
        if event.score is not None and event.score > self._best + GAIN:
            self._best, self._best_round = event.score, event.round
        budgeted = self._settings is None or self._settings.seconds or self._settings.steps
        plateaued = event.score is not None and event.round - self._best_round >= PLATEAU
        if budgeted or not plateaued:
            return False
        self._rested_at = self._study.revision
        self._jobs.close("training")
        self._send(TrainingFinished(event.step, event.seconds, "settled"))
        return True

    def finished(self) -> None:
        """Rest after training has ended by itself."""
        self._rested_at = self._study.revision
        if (reason := self._study.reason_to_wait()) is not None:
            self._send(TrainingWaits(reason))

    def _guess(self) -> Steps:
        """Fit the quick guess to the labels, again when they change meanwhile."""
        while self._guessed_at != self._study.revision:
            self._guessed_at = self._study.revision
            yield self._learner.refresh()

    def _logged(self, log: RunLog) -> Steps:
        story = self._learner.learn()
        try:
            for event in story:
                log.add(event)
                yield event
        finally:
            story.close()
