"""How often training goes back to its last good state."""

from __future__ import annotations

import pytest
import torch

from unetstudio.errors import TrainingError
from unetstudio.networks.device import Precision
from unetstudio.networks.network import create
from unetstudio.training.rollback import CALM, ROLLBACKS, Rollback
from unetstudio.training.train_state import TrainState


@pytest.fixture
def state() -> TrainState:
    return TrainState(create("unet", 1, 2, depth=1, base=2), Precision(torch.device("cpu")))


def spoil(state: TrainState) -> None:
    next(state.network.parameters()).data.fill_(torch.nan)


def test_that_spoils_in_a_row_end_training(state: TrainState) -> None:
    rollback = Rollback(state)
    for _ in range(ROLLBACKS):
        spoil(state)
        rollback.roll_back(state, 7)
        assert state.finite()
    spoil(state)
    with pytest.raises(TrainingError, match="again and again"):
        rollback.roll_back(state, 7)
    assert state.finite()


def test_that_spoils_far_apart_are_forgotten(state: TrainState) -> None:
    rollback = Rollback(state)
    for round in range(0, 20 * CALM, CALM // 2):
        spoil(state)
        rollback.roll_back(state, round)


def test_that_a_spoilt_state_is_never_kept(state: TrainState) -> None:
    rollback = Rollback(state)
    spoil(state)
    rollback.keep(state)
    assert not state.finite()
    rollback.restore(state)
    assert state.finite()


def test_that_a_spoilt_average_is_not_given_out(state: TrainState) -> None:
    rollback = Rollback(state)
    next(state.ema.network.parameters()).data.fill_(torch.inf)
    assert all(bool(value.isfinite().all()) for value in rollback.ema_network(state).state_dict().values())
