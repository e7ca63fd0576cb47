"""The contract of a learner: it learns from the live labels of a study, reports its progress, and predicts."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Protocol

from unetstudio.data.study import Study
from unetstudio.inference.predictor import Predictor
from unetstudio.registry import Registry
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import QuickGuess, TrainingEvent

USUAL = "unet"
"""Name of the learner of a new study."""


class Learner(Protocol):
    """Learns from a live study: Edits applied between two events are learnt from the next step on."""

    @property
    def step(self) -> int:
        """Number of steps made so far."""

    @property
    def network(self) -> str:
        """Name of the network with which the learner was made, or "" before anything was learnt."""

    def begin(self, settings: TrainingSettings, *, resume: bool = True, init: Path | None = None) -> None:
        """Prepare to learn: from the saved state with `resume`, from the weights of the checkpoint `init`, or anew. UserErrors of a
        checkpoint that was named."""

    def learn(self) -> Generator[TrainingEvent, None, None]:
        """Learn until the budget is used up, the labels are gone, or the generator is closed, and save the state in any case."""

    def refresh(self) -> QuickGuess | None:
        """Bring the part that answers at once up to the changed labels, between two events of `learn` or before the first.

        Return None when nothing has changed, or when there is no such part.
        """

    def predictor(self) -> Predictor | None:
        """Return the best available predictor, which further steps do not change; None before anything was learnt."""


LEARNERS: Registry[Callable[[Study, Path], Learner]] = Registry("unetstudio.learners", "learner")
"""Learners by name; each is made with the study and its project's folder, from which it reads any saved state."""
