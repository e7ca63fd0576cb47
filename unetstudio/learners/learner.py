"""What a learner is: it learns from the live labels of a study, reports how it gets on, and predicts."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Protocol

from unetstudio.data.study import Study
from unetstudio.inference.predictor import Predictor
from unetstudio.registry import Registry
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import TrainingEvent

USUAL = "unet"
"""The learner of a new study."""


class Learner(Protocol):
    """Learns from a live study: the Edits applied to it between two events are learnt from the next step on."""

    @property
    def step(self) -> int:
        """Steps made so far."""

    @property
    def network(self) -> str:
        """Name of the network with which the learner was made, or "" before anything was learnt."""

    def begin(self, settings: TrainingSettings, *, resume: bool = True, init: Path | None = None) -> None:
        """Prepare to learn: on top of what was learnt before with `resume`, from the weights of the checkpoint `init`, or anew. UserErrors
        of a checkpoint that was named."""

    def learn(self) -> Generator[TrainingEvent, None, None]:
        """Learn until the budget is used up, the labels are gone, or the generator is closed, and save what was learnt in any case."""

    def predictor(self) -> Predictor | None:
        """Return the best there is to predict with, which further steps do not touch; None before anything was learnt."""


LEARNERS: Registry[Callable[[Study, Path], Learner]] = Registry("unetstudio.learners", "learner")
"""By name; each is made with the study and its project's folder, and finds there what was learnt before."""
