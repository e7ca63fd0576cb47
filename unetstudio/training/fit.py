"""The training loop: from a live study to trained weights, one step at a time, as a generator of events."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from unetstudio.data.study import Study
from unetstudio.errors import TrainingError
from unetstudio.inference.events import Notice
from unetstudio.inference.network_predictor import NetworkPredictor
from unetstudio.networks.checkpoint import Write, write_atomically
from unetstudio.networks.device import is_out_of_memory
from unetstudio.settings import TrainingSettings
from unetstudio.training import shortage
from unetstudio.training.events import CheckpointSaved, StepDone, TrainingEvent, TrainingFinished
from unetstudio.training.losses import class_weights
from unetstudio.training.rounds import end_round
from unetstudio.training.saving import Saving
from unetstudio.training.schedule import Stopwatch
from unetstudio.training.start import Start
from unetstudio.training.study_scans import Unreadable
from unetstudio.training.training_run import TrainingRun, begin_run

FIRST_ROUND = 2.5
"""Seconds of the first round, so that a prediction appears early."""

QUIET = 0.1
"""Approximate seconds between two reported steps."""

Events = Generator[TrainingEvent, None, None]


class Trainer:
    """A training of a study. Advance the generator `run()`; between its events, `predictor()` and `save()` may be called.

    The study is live: strokes painted between two steps are learnt from the next batch on. Not advancing the generator pauses training;
    closing it saves. `start` continues from a checkpoint; `write` writes files to disk; `people` returns the annotators for the model
    card. `training` is None until the first event.
    """

    def __init__(
        self,
        study: Study,
        settings: TrainingSettings,
        *,
        checkpoints: Path,
        start: Start | None = None,
        write: Write = write_atomically,
        people: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self.study, self.settings = study, settings
        self.training: TrainingRun | None = None
        self._start, self._clock = start, Stopwatch()
        resumed = start.saved if start is not None and start.state is not None and start.path.parent == checkpoints else None
        self._saving = Saving(checkpoints, write, people, resumed)

    @property
    def step(self) -> int:
        """Number of steps so far, including those of the training that this one continues."""
        return self.training.step if self.training is not None else 0

    @property
    def round(self) -> int:
        """Number of rounds so far."""
        return self.training.round if self.training is not None else 0

    @property
    def seconds(self) -> float:
        """Seconds of training so far, excluding pauses and predictions between steps."""
        return self._clock.seconds

    @property
    def saved(self) -> CheckpointSaved | None:
        """The newest weights on disk."""
        return self._saving.newest

    def run(self) -> Events:
        """Train until the budget is used up, no labels are left, or the generator is closed.

        Raise TrainingError when there is nothing to learn from or the loss repeatedly is not finite, and OutOfMemory. An image that cannot
        be read is left out with a Notice.
        """
        events = self._train()
        try:
            while True:
                with self._clock:
                    event = next(events, None)
                if event is None:
                    return
                yield event
        finally:
            events.close()

    def predictor(self) -> NetworkPredictor:
        """Return a predictor with a copy of the averaged weights, unaffected by further steps; raise TrainingError before there are any."""
        run = self.training
        if run is None:
            raise TrainingError("Nothing has been learnt yet.")
        network = copy.deepcopy(run.rollback.ema_network(run.state))
        id, spacing = self._saving.id_of(run), run.plan.spacing
        learnt = {"mirrored": run.recipe.mirrors, "turned": run.recipe.turns}
        return NetworkPredictor(network, run.intensity, run.classes.values, id, run.state.precision, spacing, **learnt)

    def save(self) -> CheckpointSaved | None:
        """Write the averaged weights and the state to resume from; None if there are none yet or these are on disk already."""
        return None if self.training is None else self._saving.save(self.training)

    def _train(self) -> Events:
        reason = self.study.reason_to_wait()
        if reason is not None:
            raise TrainingError(reason)
        run, unreadable = begin_run(self.study, self.settings, self._start, self._clock)
        self.training = run
        yield from (image.notice for image in unreadable)
        yield run.started
        try:
            yield from _loop(run, self._saving)
        finally:
            run.samples.close()
            self._saving.save(run)


def fit(
    study: Study, settings: TrainingSettings, *, checkpoints: Path, start: Start | None = None, write: Write = write_atomically
) -> Events:
    """Train without access to the trainer, for callers that need only events and checkpoints."""
    yield from Trainer(study, settings, checkpoints=checkpoints, start=start, write=write).run()


def _loop(run: TrainingRun, saving: Saving) -> Events:
    """Train step by step and round by round until the budget is used up or no labels are left."""
    pending: list[Tensor] = []  # losses that a GPU may still be computing
    losses: list[float] = []  # of this round
    round_began = reported = run.seconds
    while run.budget.used(run.step, run.seconds) < 1:
        if run.labels_changed and (reason := run.study.reason_to_wait()) is not None:
            yield Notice(reason)
            yield TrainingFinished(run.step, run.seconds, "stopped")
            return
        run.follow_study()
        yield from _step(run, pending)
        fresh: list[float] = []
        if pending and (run.device.type == "cpu" or run.seconds - reported >= QUIET):
            fresh = torch.stack(pending).tolist()  # waits for a GPU
            pending.clear()
            if not all(map(math.isfinite, fresh)):
                yield run.rollback.roll_back(run.state, run.round)
                continue
            losses += fresh
        if losses and _round_is_over(run, run.seconds - round_began):
            if run.state.finite():
                yield from end_round(run, saving, losses, run.seconds - round_began)
            else:  # the moving average or the optimiser may be bad while the loss is finite
                yield run.rollback.roll_back(run.state, run.round)
            losses, round_began = [], run.seconds
        if fresh and run.seconds - reported >= QUIET:  # after the round: the receiver may change the classes
            reported = run.seconds
            yield StepDone(run.step, fresh[-1], reported)
    if not all(map(math.isfinite, torch.stack(pending).tolist() if pending else ())):
        run.rollback.restore(run.state)
    if losses:
        yield from end_round(run, saving, losses, run.seconds - round_began, last=True)
    if (saved := saving.save(run)) is not None:
        yield saved
    yield TrainingFinished(run.step, run.seconds, "budget")


def _step(run: TrainingRun, pending: list[Tensor]) -> Events:
    """Make a step and append its loss; when an image cannot be read or memory runs out, prepare to try again with less."""
    rate = run.plan.rate * run.budget.rate(run.step, run.seconds, run.plan.warm_up)
    index = run.material.refresh()
    weights = class_weights(list(index.counts), dense=index.dense, used=run.budget.used(run.step, run.seconds))
    try:
        pending.append(run.state.step(run.samples.take(), rate, weights, run.plan.dice))
        run.step += 1
        return
    except Unreadable as error:
        unreadable = error
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        unreadable = None
    # outside the except blocks, where the error no longer holds memory
    yield from run.exclude(unreadable) if unreadable is not None else shortage.shrink_step(run)


def _round_is_over(run: TrainingRun, took: float) -> bool:
    """Whether a round of `took` seconds is over: by time, or by steps when the budget is in steps, so that a seed reproduces a training."""
    if run.budget.steps and not run.budget.seconds:
        return (run.step - run.budget.from_step) % max(10, run.budget.steps // 20) == 0
    return took >= (run.settings.round_seconds if run.round else min(FIRST_ROUND, run.settings.round_seconds))
