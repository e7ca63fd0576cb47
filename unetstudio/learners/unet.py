"""The learner that trains the U-Net or any other network on patches, with checkpoints in the project, and guesses from pixels at once."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from functools import partial
from pathlib import Path

from unetstudio.data.study import Study
from unetstudio.errors import CheckpointError, TrainingError
from unetstudio.inference.pooled_predictor import load_predictor
from unetstudio.inference.predictor import Predictor
from unetstudio.learners.learner import LEARNERS
from unetstudio.networks.network import name_of
from unetstudio.project import checkpoints
from unetstudio.project.annotators import Annotators
from unetstudio.project.identity import ProjectIdentity
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import QuickGuess, TrainingEvent
from unetstudio.training.fit import Trainer
from unetstudio.training.instant import InstantTier
from unetstudio.training.start import Start, load_start


@LEARNERS.register("unet")
class UNetLearner:
    """Trains a network, and a pixel classifier where there are only strokes.

    It predicts with the checkpoint in use, or the classifier, until its own training has ended a round, and then with both pooled.
    """

    def __init__(self, study: Study, project: Path) -> None:
        self.network = ""
        self._study, self._project, self._identity = study, project, ProjectIdentity(project)
        self._trainer: Trainer | None = None
        self._instant = InstantTier(study)
        self._loaded: Predictor | None = None
        card = checkpoints.to_use(self._checkpoints)
        if card is not None:
            with suppress(CheckpointError):  # damaged: training makes another
                self._loaded = load_predictor(card.path)
                self.network = card.network

    @property
    def step(self) -> int:
        """Number of steps made so far."""
        return self._trainer.step if self._trainer is not None else 0

    def begin(self, settings: TrainingSettings, *, resume: bool = True, init: Path | None = None) -> None:
        """Choose the checkpoint to begin from, if there is one that fits; images that could not be read are tried again."""
        start = load_start(init, resume=False) if init is not None else self._start(settings) if resume else None
        network, predictor = self._learnt
        same = resume and (start is None or name_of(start.network) == network)
        self._loaded = predictor if same else None  # and not the quick guess alone until training is under way again
        self._study.readmit(all=True)
        self._trainer = Trainer(
            self._study,
            settings,
            checkpoints=self._checkpoints,
            start=start,
            write=partial(checkpoints.write_durably, identity=self._identity),
            people=Annotators(self._project / "cases").names,
            instant=self._instant,
        )

    def learn(self) -> Generator[TrainingEvent, None, None]:
        """Train the network; UserErrors of `Trainer.run`."""
        if self._trainer is None:
            raise TrainingError("Learning was not begun.")
        return self._trainer.run()

    def refresh(self) -> QuickGuess | None:
        """Fit the pixel classifier to changed labels."""
        return None if self._trainer is None else self._trainer.refresh()

    def predictor(self) -> Predictor | None:
        """Return a predictor with the current averaged weights; before the first round the loaded one, or the quick guess."""
        trainer = self._trainer
        if trainer is not None and (trainer.round > 0 or (self._loaded is None and trainer.has_guess)):
            return trainer.predictor()
        return self._loaded

    @property
    def _learnt(self) -> tuple[str, Predictor | None]:
        """The name of the network that has learnt last, and what predicts with it; ("", None) before one has."""
        trainer = self._trainer
        if trainer is None or trainer.training is None or not trainer.round:
            return self.network, self._loaded
        return trainer.training.plan.network, trainer.predictor()

    @property
    def _checkpoints(self) -> Path:
        return self._project / "checkpoints"

    def _start(self, settings: TrainingSettings) -> Start | None:
        """Return the newest checkpoint of this network, if training can continue from it."""
        with suppress(CheckpointError):  # nothing learnt yet
            start = load_start(self._project, like=settings)
            return start if start.fits(self._study, settings) else None
        return None
