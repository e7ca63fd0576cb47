"""Where training goes back to when numbers stop being finite: its newest state that was, a few times and not for ever."""

from __future__ import annotations

from typing import Any

from unetstudio.errors import TrainingError
from unetstudio.inference.events import Notice
from unetstudio.networks.network import Network
from unetstudio.training.train_state import Learner

ROLLBACKS = 3
"""Losses or weights that are not finite are forgiven so often ..."""

CALM = 20
"""... and are forgotten after so many rounds."""


class Rollback:
    """Holds a copy of a learner's state. A moving average, or the optimiser, can be spoilt while the loss is a number."""

    def __init__(self, learner: Learner) -> None:
        self._good: dict[str, Any] = learner.state()
        self._rounds: list[int] = []  # in which training went back

    def keep(self, learner: Learner) -> None:
        """Goes back to the state of now from now on, if it is finite."""
        if learner.finite():
            self._good = learner.state()

    def restore(self, learner: Learner) -> None:
        """Back, without counting."""
        learner.restore(self._good)

    def roll_back(self, learner: Learner, round: int) -> Notice:
        """Back; TrainingError when it happens again and again."""
        self.restore(learner)
        self._rounds = [before for before in self._rounds if round - before < CALM] + [round]
        if len(self._rounds) > ROLLBACKS:
            raise TrainingError(
                "The loss was not a number again and again. Lower the learning rate, or look for damaged images among the training cases."
            )
        return Notice("The loss was not a number: training went back to the last good weights and goes on.")

    def averaged(self, learner: Learner) -> Network:
        """The averaged network, finite for certain: what is not is never predicted with, and never saved."""
        network = learner.averaged()
        if not learner.finite():
            self.restore(learner)
            network = learner.averaged()
        return network
