"""The way back when numbers stop being finite: to the newest state that was, a few times and not for ever."""

from __future__ import annotations

from typing import Any

from unetstudio.errors import TrainingError
from unetstudio.inference.events import Notice
from unetstudio.networks.network import Network
from unetstudio.training.train_state import TrainState

ROLLBACKS = 3
"""Losses or weights that are not finite are forgiven so often ..."""

CALM = 20
"""... and are forgotten after so many rounds."""


class Rollback:
    """Holds a copy of a finite state. A moving average, or the optimiser, can be spoilt while the loss is a number."""

    def __init__(self, state: TrainState) -> None:
        self._good: dict[str, Any] = state.state_dict()
        self._rounds: list[int] = []  # in which training went back

    def keep(self, state: TrainState) -> None:
        """Make the current state the rollback target, if it is finite."""
        if state.finite():
            self._good = state.state_dict()

    def restore(self, state: TrainState) -> None:
        """Go back without counting it."""
        state.load_state_dict(self._good)

    def roll_back(self, state: TrainState, round: int) -> Notice:
        """Go back; TrainingError when it happens again and again."""
        self.restore(state)
        self._rounds = [before for before in self._rounds if round - before < CALM] + [round]
        if len(self._rounds) > ROLLBACKS:
            raise TrainingError(
                "The loss was not a number again and again. Lower the learning rate, or look for damaged images among the training cases."
            )
        return Notice("The loss was not a number: training went back to the last good weights and goes on.")

    def ema_network(self, state: TrainState) -> Network:
        """Return the averaged network, finite for certain: one that is not is never predicted with and never saved."""
        network = state.ema_network()
        if not state.finite():
            self.restore(state)
            network = state.ema_network()
        return network
