"""Rollback of a training to its last finite state, a limited number of times."""

from __future__ import annotations

from typing import Any

from unetstudio.errors import TrainingError
from unetstudio.inference.events import Notice
from unetstudio.networks.network import Network
from unetstudio.training.train_state import TrainState

ROLLBACKS = 3
"""Number of rollbacks within CALM rounds after which training fails."""

CALM = 20
"""Number of rounds after which a rollback no longer counts."""


class Rollback:
    """A copy of the last finite state. The moving average or the optimiser may be bad while the loss is finite."""

    def __init__(self, state: TrainState) -> None:
        self._good: dict[str, Any] = state.state_dict()
        self._rounds: list[int] = []  # in which training was rolled back

    def keep(self, state: TrainState) -> None:
        """Make the current state the rollback target, if it is finite."""
        if state.finite():
            self._good = state.state_dict()

    def restore(self, state: TrainState) -> None:
        """Restore the last finite state without counting a rollback."""
        state.load_state_dict(self._good)

    def roll_back(self, state: TrainState, round: int) -> Notice:
        """Restore the last finite state; raise TrainingError when that happens too often."""
        self.restore(state)
        self._rounds = [before for before in self._rounds if round - before < CALM] + [round]
        if len(self._rounds) > ROLLBACKS:
            raise TrainingError(
                "The loss was not a number again and again. Lower the learning rate, or look for damaged images among the training cases."
            )
        return Notice("The loss was not a number: training went back to the last good weights and goes on.")

    def ema_network(self, state: TrainState) -> Network:
        """Return the averaged network, restoring the last finite state if it is not finite: such weights are never used or saved."""
        network = state.ema_network()
        if not state.finite():
            self.restore(state)
            network = state.ema_network()
        return network
