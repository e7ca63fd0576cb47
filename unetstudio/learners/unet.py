"""The learner that trains the U-Net or any other network on patches, with checkpoints in the project."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

from unetstudio.data.study import Study
from unetstudio.errors import CheckpointError, TrainingError
from unetstudio.inference.network_predictor import NetworkPredictor
from unetstudio.inference.predictor import Predictor
from unetstudio.learners.learner import LEARNERS
from unetstudio.networks.network import name_of
from unetstudio.project import checkpoints
from unetstudio.project.annotators import Annotators
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import TrainingEvent
from unetstudio.training.fit import Trainer
from unetstudio.training.start import Start, load_start


@LEARNERS.register("unet")
class UNetLearner:
    """Trains a network; predicts with the checkpoint in use until its own training has ended a round."""

    def __init__(self, study: Study, project: Path) -> None:
        self.network = ""
        self._study, self._project = study, project
        self._trainer: Trainer | None = None
        self._loaded: Predictor | None = None
        card = checkpoints.to_use(self._checkpoints)
        if card is not None:
            with suppress(CheckpointError):  # damaged: training makes another
                self._loaded = NetworkPredictor.load(card.path)
                self.network = card.network

    @property
    def step(self) -> int:
        """Number of steps made so far."""
        return self._trainer.step if self._trainer is not None else 0

    def begin(self, settings: TrainingSettings, *, resume: bool = True, init: Path | None = None) -> None:
        """Choose the checkpoint to begin from, if there is one that fits; images that could not be read are tried again."""
        start = load_start(init, resume=False) if init is not None else self._start(settings) if resume else None
        if not resume or (start is not None and name_of(start.network) != self.network):
            self._loaded = None
        self._study.readmit(all=True)
        self._trainer = Trainer(
            self._study,
            settings,
            checkpoints=self._checkpoints,
            start=start,
            write=checkpoints.write_durably,
            people=Annotators(self._project / "cases").names,
        )

    def learn(self) -> Generator[TrainingEvent, None, None]:
        """Train the network; UserErrors of `Trainer.run`."""
        if self._trainer is None:
            raise TrainingError("Learning was not begun.")
        return self._trainer.run()

    def predictor(self) -> Predictor | None:
        """Return a predictor with the current averaged weights, or the loaded ones before the first round."""
        return self._trainer.predictor() if self._trainer is not None and self._trainer.round > 0 else self._loaded

    @property
    def _checkpoints(self) -> Path:
        return self._project / "checkpoints"

    def _start(self, settings: TrainingSettings) -> Start | None:
        """Return the newest checkpoint of this network, if training can continue from it."""
        with suppress(CheckpointError):  # nothing learnt yet
            start = load_start(self._project, like=settings)
            return start if start.fits(self._study, settings) else None
        return None
