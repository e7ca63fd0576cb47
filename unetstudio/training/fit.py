"""The training loop: from a live study to trained weights, one step at a time, as a generator of events."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from unetstudio.data.prediction import GUESS, UNSAVED
from unetstudio.data.study import Study
from unetstudio.errors import TrainingError
from unetstudio.inference.events import Notice
from unetstudio.inference.network_predictor import NetworkPredictor
from unetstudio.inference.pooled_predictor import ClassifierPredictor, PooledPredictor
from unetstudio.inference.predictor import Predictor
from unetstudio.inference.recent_tiles import RecentTiles
from unetstudio.networks.checkpoint import Write, write_atomically
from unetstudio.networks.device import is_out_of_memory
from unetstudio.settings import TrainingSettings
from unetstudio.training import shortage
from unetstudio.training.events import CheckpointSaved, QuickGuess, StepDone, TrainingEvent, TrainingFinished
from unetstudio.training.instant import InstantTier
from unetstudio.training.losses import class_weights
from unetstudio.training.plan import is_dense
from unetstudio.training.rounds import end_round
from unetstudio.training.saving import Saving
from unetstudio.training.schedule import Stopwatch
from unetstudio.training.spacing import learnt_spacing
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
        instant: InstantTier | None = None,
    ) -> None:
        self.instant = instant if settings.quick_guess else None
        self.study, self.settings = study, settings
        self.training: TrainingRun | None = None
        self._start, self._clock = start, Stopwatch()
        resumed = start.saved if start is not None and start.state is not None and start.path.parent == checkpoints else None
        self._saving = Saving(checkpoints, write, people, resumed)
        self._recent: tuple[object, RecentTiles, tuple[int, int]] | None = None  # what it is of, the network, and the run's version

    @property
    def step(self) -> int:
        """Number of steps so far, including those of the training that this one continues."""
        return self.training.step if self.training is not None else 0

    @property
    def round(self) -> int:
        """Number of rounds so far."""
        return self.training.round if self.training is not None else 0

    @property
    def has_guess(self) -> bool:
        """Whether there is a quick guess to predict with before the first round."""
        return self.instant is not None and self.instant.classifier is not None

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

    def predictor(self) -> Predictor:
        """Return a predictor with a copy of the averaged weights, pooled with the quick guess where there is one, unaffected by further
        steps; before the first round only the quick guess. Raise TrainingError before there is any."""
        run, guess = self.training, None if self.instant is None else self.instant.classifier
        if guess is not None and (run is None or not run.round):
            return ClassifierPredictor(guess, self.study.classes.values, f"{GUESS}{self.instant.fits if self.instant else 0}")
        if run is None:
            raise TrainingError("Nothing has been learnt yet.")
        recent, version = self._recent_network(run)
        if guess is None:
            return recent.network
        id = "" if version == run.version else f"{UNSAVED}{version[0]}.{run.version[1]}"
        shares = tuple(run.shares.get(value, 0.0) for value in recent.network.values)
        return PooledPredictor(guess, recent.network, shares, id, recent)

    def _recent_network(self, run: TrainingRun) -> tuple[RecentTiles, tuple[int, int]]:
        """Return the averaged network, and the run's version when it was copied.

        With a quick guess it is that of the last round: a stroke changes the guess, and is not kept waiting for tiles of another network.
        """
        key = (run.round, run.classes.values, self.saved, run.version if run.instant is None else ())
        if self._recent is None or self._recent[0] != key:
            network = copy.deepcopy(run.rollback.ema_network(run.state))
            id, spacing = self._saving.id_of(run), run.plan.spacing
            learnt = {"mirrored": run.recipe.mirrors, "turned": run.recipe.turns}
            size = spacing or learnt_spacing(self.study)
            predictor = NetworkPredictor(
                network, run.intensity, run.classes.values, id, run.state.precision, spacing, learnt_spacing=size, **learnt
            )
            self._recent = (key, RecentTiles(predictor), run.version)
        return self._recent[1:]

    def refresh(self) -> QuickGuess | None:
        """Fit the quick guess to labels that have changed; None when they have not, or there is none. May be called between two events."""
        with self._clock:
            if self.training is not None:
                return self.training.refit()
            return None if self.instant is None or is_dense(self.study) else self.instant.refit()

    def save(self) -> CheckpointSaved | None:
        """Write the averaged weights and the state to resume from; None if there are none yet or these are on disk already."""
        return None if self.training is None else self._saving.save(self.training)

    def _train(self) -> Events:
        reason = self.study.reason_to_wait()
        if reason is not None:
            raise TrainingError(reason)
        if is_dense(self.study):
            self.instant = None  # full masks teach the network better than any guess
        if self.instant is not None:
            self.instant.refit()
            if self.instant.guess is not None:  # also one that was there before
                yield self.instant.guess
        run, unreadable = begin_run(self.study, self.settings, self._start, self._clock, self.instant)
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
        if (guess := run.refit()) is not None:
            yield guess
        run.follow_study()  # after all events: their receiver may change the classes
        run.renew_teacher()
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
        pending.append(run.state.step(run.samples.take(), rate, weights, run.plan.dice, run.teaching))
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
