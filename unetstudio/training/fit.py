"""A training from its beginning to its end: from a live study to ever better weights, as a generator of events."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from pathlib import Path

from unetstudio.data.study import Study
from unetstudio.errors import TrainingError
from unetstudio.inference.network_predictor import NetworkPredictor
from unetstudio.networks.checkpoint import Write, write_atomically
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import CheckpointSaved
from unetstudio.training.loop import Events, train
from unetstudio.training.saving import Saving
from unetstudio.training.schedule import Stopwatch
from unetstudio.training.start import Start
from unetstudio.training.training_run import TrainingRun, begin_run


class Trainer:
    """One training of a study. Advance the generator `run()`, and between its events ask for a `predictor()`, or `save()`.

    The study is live: what is painted between two steps is learnt from the next batch on. Not advancing the generator pauses; closing
    it saves. `start` goes on from a checkpoint; `write` is how files reach the disk; `people` names who painted, for the model card.
    `training` is None until the first event.
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
        """Steps made so far, also in the trainings that this one goes on from."""
        return self.training.step if self.training is not None else 0

    @property
    def round(self) -> int:
        """Rounds ended so far."""
        return self.training.round if self.training is not None else 0

    @property
    def seconds(self) -> float:
        """Seconds of training so far, without pauses and predictions between two steps."""
        return self._clock.seconds

    @property
    def saved(self) -> CheckpointSaved | None:
        """The newest weights on disk."""
        return self._saving.newest

    def run(self) -> Events:
        """Train until the budget is used up, the labels are gone, or the generator is closed.

        UserErrors: TrainingError when there is nothing to learn from or the loss stays not finite, OutOfMemory. An image that cannot be
        read is left out with a Notice.
        """
        story = self._train()
        try:
            while True:
                with self._clock:
                    event = next(story, None)
                if event is None:
                    return
                yield event
        finally:
            story.close()

    def predictor(self) -> NetworkPredictor:
        """Return a predictor with a copy of the averaged weights, which further steps do not touch; TrainingError before there are any."""
        run = self.training
        if run is None:
            raise TrainingError("Nothing has been learnt yet.")
        network = copy.deepcopy(run.rollback.ema_network(run.state))
        id, spacing = self._saving.id_of(run), run.plan.spacing
        learnt = {"mirrored": run.recipe.mirrors, "turned": run.recipe.turns}
        return NetworkPredictor(network, run.intensity, run.classes.values, id, run.state.precision, spacing, **learnt)

    def save(self) -> CheckpointSaved | None:
        """Write averaged weights, and the state to go on from, unless there are none yet or these are on disk already."""
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
            yield from train(run, self._saving)
        finally:
            run.samples.close()
            self._saving.save(run)


def fit(
    study: Study, settings: TrainingSettings, *, checkpoints: Path, start: Start | None = None, write: Write = write_atomically
) -> Events:
    """Train and forget the trainer: for callers that want events and checkpoints only."""
    yield from Trainer(study, settings, checkpoints=checkpoints, start=start, write=write).run()
