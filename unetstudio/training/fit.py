"""The training loop: from a live study to ever better weights, one step at a time, as a generator of events."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import torch
from torch import Tensor

from unetstudio.augment.recipe import Recipe
from unetstudio.data.study import Study
from unetstudio.errors import OutOfMemory, TrainingError
from unetstudio.inference.predictor import Predictor
from unetstudio.networks.checkpoint import Checkpoint, Write, write_atomically
from unetstudio.networks.device import cores, free_memory, is_out_of_memory
from unetstudio.settings import TrainingSettings
from unetstudio.training.card import report
from unetstudio.training.events import CheckpointSaved, Notice, RoundDone, StepDone, TrainingEvent, TrainingFinished, TrainingStarted
from unetstudio.training.losses import class_weights
from unetstudio.training.material import Material, Unreadable
from unetstudio.training.rollback import Rollback
from unetstudio.training.samples import Samples
from unetstudio.training.saving import Saving
from unetstudio.training.schedule import Budget
from unetstudio.training.scoring import EDGE, Score, find_spots, score
from unetstudio.training.setup import set_up
from unetstudio.training.start import Start
from unetstudio.training.train_state import Learner

FIRST_ROUND = 2.5
"""Seconds: the first prediction shall appear early."""

QUIET = 0.1
"""Seconds between two reports of steps, at most and about."""

SMALLEST = 32
"""Edge of the smallest window that is still scored when memory runs short."""

MANY_CORES = 8
"""From which a processor takes so little time for a step that two threads make the batches."""

Events = Generator[TrainingEvent, None, None]


class Trainer:
    """A training of one study: `run()` it, and meanwhile ask for the `predictor()` or `save()`.

    The study is live: what is painted between two steps is learnt from the next batch on. Not advancing the generator pauses; closing
    it saves. `start` goes on from a checkpoint; `write` is how files reach the disk; `people` tells who painted, for the model card.
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
        self.step, self.round = 0, 0
        self.score = Score(None, {})
        self.learner: Learner | None = None
        self._start, self._people = start, people
        resumed = start.saved if start is not None and start.state is not None and start.path.parent == checkpoints else None
        self._saving = Saving(checkpoints, write, resumed)
        self._spent, self._since = 0.0, 0.0  # seconds before, and when the slice in hand began
        self._saved_step = -1
        self._score_edge = 0  # of windows to be scored, once memory has run short there
        self._began = datetime.now(UTC).isoformat(timespec="seconds")

    @property
    def seconds(self) -> float:
        """Of training so far; pauses and predictions between two steps are left out."""
        return self._spent + (time.perf_counter() - self._since if self._since else 0.0)

    @property
    def saved(self) -> CheckpointSaved | None:
        """The newest weights on disk."""
        return self._saving.newest

    def run(self) -> Events:
        """Trains until the budget is used up, the labels are gone, or the generator is closed.

        UserErrors: TrainingError when there is nothing to learn from or the loss stays not finite, OutOfMemory. An image that cannot be
        read is left out with a Notice.
        """
        story = self._train()
        try:
            while True:
                self._since = time.perf_counter()
                event = next(story, None)
                self._spent, self._since = self.seconds, 0.0
                if event is None:
                    return
                yield event
        finally:
            story.close()

    def predictor(self) -> Predictor:
        """The averaged weights as they are now, in a copy that further training does not touch; TrainingError before there are any."""
        if self.learner is None:
            raise TrainingError("Nothing has been learnt yet.")
        id = self.saved.id if self.saved is not None and self._saved_step == self.step else f"step-{self.step}"
        network, spacing = copy.deepcopy(self._fallback.averaged(self.learner)), self._plan.spacing
        predictor = Predictor(network, self.intensity, self._values, id, self.learner.precision, spacing)
        predictor.mirrored, predictor.turned = self._recipe.mirrors, self._recipe.turns
        return predictor

    def save(self) -> CheckpointSaved | None:
        """Writes averaged weights, and the state to go on from, unless these are on disk already."""
        if self.learner is None or self._saved_step == self.step:
            return None
        network = self._fallback.averaged(self.learner)
        held = self._material.index.held
        card = Checkpoint(
            network=self._plan.network,
            config=network.config.to_json(),
            classes=self._classes,
            intensity=self.intensity.to_json(),
            spacing=self._plan.spacing or next((self.study.cases[id].case.geometry.spacing for id in self.study.labelled()), None),
            resampled=self._plan.spacing is not None,
            step=self.step,
            seconds=round(self.seconds, 3),
            score=self.score.mean,
            class_scores=self.score.classes,
            settings=self.settings.to_json(),
            training_cases=tuple(id for id in self.study.labelled() if id not in held.cases),
            report=report(self.study, self.intensity, held, self.score.voxels, self._began, self._people(), self._told),
        )
        state = {"learner": self.learner.state(), "round": self.round, "budget": self._budget.to_json()}
        state["patches"] = [list(self._patch), self._batch]
        saved = self._saving.save(card, dict(network.state_dict()), state)
        self._saved_step = self.step
        return saved

    # ------------------------------------------------------------------------------------------------------------- the story

    def _train(self) -> Events:
        reason = self.study.ready()
        if reason is not None:
            raise TrainingError(reason)
        yield from self._begin()
        pending: list[Tensor] = []
        losses: list[float] = []
        round_began = told = self.seconds
        try:
            while self._budget.used(self.step, self.seconds) < 1:
                if self._revision != self.study.revision and (reason := self.study.ready()) is not None:
                    yield Notice(reason)
                    yield TrainingFinished(self.step, self.seconds, "stopped")
                    return
                self._follow()
                yield from self._step(pending)
                fresh: list[float] = []
                if pending and (self._device.type == "cpu" or self.seconds - told >= QUIET):
                    fresh = torch.stack(pending).tolist()  # waits for a GPU
                    pending.clear()
                    if not all(map(math.isfinite, fresh)):
                        yield self._fallback.roll_back(self._learner, self.round)
                        continue
                    losses += fresh
                if losses and self._round_is_over(self.seconds - round_began):
                    if self._learner.finite():
                        yield from self._end_round(losses, self.seconds - round_began)
                    else:  # an average, or the optimiser, can be spoilt while the loss is a number
                        yield self._fallback.roll_back(self._learner, self.round)
                    losses, round_began = [], self.seconds
                if fresh and self.seconds - told >= QUIET:  # after the round: whoever is told may change the classes
                    told = self.seconds
                    yield StepDone(self.step, fresh[-1], told)
            if not all(map(math.isfinite, torch.stack(pending).tolist() if pending else ())):
                self._fallback.restore(self._learner)
            if losses:
                yield from self._end_round(losses, self.seconds - round_began, last=True)
            if (saved := self.save()) is not None:
                yield saved
            yield TrainingFinished(self.step, self.seconds, "budget")
        finally:
            self._samples.close()
            self.save()

    def _begin(self) -> Events:
        """Plan, intensity scale, network, first patches."""
        settings, start = self.settings, self._start
        made = set_up(self.study, settings, start)
        self._device, self._plan, self.intensity = made.device, made.plan, made.intensity
        self.learner = Learner(made.network, made.precision)
        self._classes = self.study.classes if start is None else start.checkpoint.classes
        budget = Budget(settings.seconds, settings.steps)
        if start is not None and start.state is not None:
            self.learner.restore(start.state["learner"])
            self.step, self.round = start.checkpoint.step, int(start.state["round"])
            self._spent, self._since = start.checkpoint.seconds, time.perf_counter()
            self.score = Score(start.checkpoint.score, start.checkpoint.class_scores)
            budget = budget.resumed(Budget(**start.state["budget"]), self.step, self.seconds)
        self._budget = budget
        target, dims, seed = self._plan.spacing, self._plan.dims, settings.seed
        self._material = Material(self.study, self.intensity, seed, made.borders, target, dims, settings.hold_out)
        self._recipe, self._revision = made.recipe, -1
        self._values: tuple[int, ...] = self._classes.values
        self._patch, self._batch = made.network.input_shape(self._plan.patch), self._plan.batch
        if start is not None and start.patches is not None and not (settings.patch or settings.batch):
            self._patch, self._batch = start.patches  # what memory was free when it began decides
        self._samples = self._sampling()
        count, device = made.network.parameters_count, str(self._device)
        self._fallback = Rollback(self.learner)
        self._told = {"Parameters": f"{count:,}", "Seed": settings.seed, "Device": device, **_views(made.recipe), **made.words}
        yield from (unreadable.notice for unreadable in made.lost)
        yield TrainingStarted(self._plan.network, self._plan.dims, count, self._patch, self._batch, device, self.step, made.words)

    def _step(self, pending: list[Tensor]) -> Events:
        """One step; after a want of memory with a smaller batch, then a smaller patch; without an image that cannot be read."""
        learner = self._learner
        rate = self._plan.rate * self._budget.rate(self.step, self.seconds, self._plan.warm_up)
        index = self._material.index
        weights = class_weights(list(index.counts), dense=index.dense, used=self._budget.used(self.step, self.seconds))
        try:
            pending.append(learner.step(self._samples.take(), rate, weights, self._plan.dice))
            self.step += 1
            return
        except Unreadable as error:
            lost = error
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            lost = None
        # only here are the error, and all that it held in memory, gone
        yield from self._leave_out(lost) if lost is not None else self._shrink(learner)

    def _end_round(self, losses: list[float], took: float, *, last: bool = False) -> Events:
        """Scores the averaged weights and saves them when that is due."""
        self.round += 1
        again = "is there again: learning goes on with it."
        told: list[TrainingEvent] = [Notice(f"{self.study.cases[id].case.name} {again}") for id in self.study.take_back()]
        while (trouble := self._try_score()) is not None:
            told += trouble  # and not told at once: meanwhile the classes could change
        self._fallback.keep(self._learner)
        saved = self.save() if last or self._saving.due else None  # before the round is told: what is predicted then bears its id
        mean = sum(losses) / len(losses)
        what = self._material.index.held.what if self.score.voxels else ""
        yield from told
        left = self._budget.left(self.step, self.seconds)
        yield RoundDone(self.round, self.step, mean, self.score.mean, self.score.classes, self.seconds, took, what, left)
        if saved is not None:
            yield saved

    def _try_score(self) -> Iterable[TrainingEvent] | None:
        """Sets the score; or what to do before it is tried again: leave an image out, or look at smaller windows."""
        learner, plan, index = self._learner, self._plan, self._material.refresh()
        multiple, edge = learner.network.size_multiple, self._score_edge or EDGE[plan.dims]
        try:
            spots = find_spots(self._material, index, plan.dims, multiple, plan.windows, self.settings.seed, edge)
            network = self._fallback.averaged(learner)
            self.score = score(network, learner.precision, self._material, index, spots) if spots else Score(None, {})
            return None
        except Unreadable as error:
            return self._leave_out(error)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        self._make_room()
        if edge // 2 < SMALLEST:
            raise OutOfMemory("Memory did not suffice to score even a small window. Choose a smaller network, or close other programs.")
        self._score_edge = edge // 2
        return [Notice("Memory ran short: scores now come from smaller parts of the images.")]

    # ------------------------------------------------------------------------------------------------------------ its turns

    def _follow(self) -> None:
        """Takes up what was painted since the last step: other classes, other balance."""
        if self._revision == self.study.revision:
            return
        self._revision = self.study.revision
        if self._values != self.study.classes.values:
            if not self._learner.finite():  # the state to go back to has other classes
                self._fallback.restore(self._learner)
            self._learner.change_classes(self._values, self.study.classes.values)
            self._values = self.study.classes.values
            self._fallback.keep(self._learner)
        self._classes = self.study.classes
        self._material.refresh()

    def _round_is_over(self, took: float) -> bool:
        """By time; by steps when the budget is in steps, so that a seed gives the same training twice."""
        if self._budget.steps and not self._budget.seconds:
            return (self.step - self._budget.from_step) % max(10, self._budget.steps // 20) == 0
        return took >= (self.settings.round_seconds if self.round else min(FIRST_ROUND, self.settings.round_seconds))

    @property
    def _learner(self) -> Learner:
        assert self.learner is not None
        return self.learner

    def _leave_out(self, unreadable: Unreadable) -> Events:
        """Goes on without an image that cannot be read; batches made ahead may tell of it again."""
        if unreadable.case not in self.study.left_out:
            self.study.leave_out(unreadable.case)
            self._material.forget(unreadable.case)
            yield unreadable.notice

    def _make_room(self) -> None:
        """After memory ran out: lets go of what can be made again."""
        self._learner.recover()
        if self._device.type == "cpu":
            self._material.save_memory()
        free_memory(self._device)

    def _shrink(self, learner: Learner) -> Events:
        """Half the batch, then half the patch; OutOfMemory when neither can be halved."""
        self._samples.close()
        self._make_room()
        multiple = learner.network.size_multiple
        smaller = learner.network.input_shape(tuple(max(min(n, 2 * m), n // 2) for n, m in zip(self._patch, multiple, strict=True)))
        if self._batch > 1:
            self._batch //= 2
        elif math.prod(smaller) < math.prod(self._patch):
            self._patch = smaller
        else:
            raise OutOfMemory("Memory did not suffice even for one small patch. Choose a smaller network, or close other programs.")
        self._samples = self._sampling()
        size = " x ".join(map(str, self._patch))
        yield Notice(f"Memory ran short: training goes on with {self._batch} patches of {size} a step.")

    def _sampling(self) -> Samples:
        cpu = self._device.type == "cpu"  # which needs its threads for the step: one or two make batches quicker than it uses them up
        threads = (1 if cores() < MANY_CORES else 2) if cpu else max(1, min(6, cores() - 1))
        margin, seed = self._learner.network.valid_margin, self.settings.seed
        what, bias = (self._material, self._recipe, self._patch, self._batch), self._plan.bias
        return Samples(*what, valid_margin=margin, seed=seed, first=self.step, threads=threads, bias=bias)


def _views(recipe: Recipe) -> dict[str, str]:
    """Which views of an image the network may be asked about."""
    seen = {"Mirrored views": recipe.mirrors, "Turned views": recipe.turns}
    return {name: "learnt" if there else "not learnt" for name, there in seen.items()}


def fit(
    study: Study, settings: TrainingSettings, *, checkpoints: Path, start: Start | None = None, write: Write = write_atomically
) -> Events:
    """Trains and forgets the trainer: for callers that want events and checkpoints only."""
    yield from Trainer(study, settings, checkpoints=checkpoints, start=start, write=write).run()
