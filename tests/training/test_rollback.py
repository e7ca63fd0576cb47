"""How often training goes back to its last good state."""

from __future__ import annotations

import pytest
import torch

from unetstudio.errors import TrainingError
from unetstudio.networks.device import Precision
from unetstudio.networks.network import create
from unetstudio.training.rollback import CALM, ROLLBACKS, Rollback
from unetstudio.training.train_state import Learner


@pytest.fixture
def learner() -> Learner:
    return Learner(create("unet", 1, 2, depth=1, base=2), Precision(torch.device("cpu")))


def spoil(learner: Learner) -> None:
    next(learner.network.parameters()).data.fill_(torch.nan)


def test_that_spoils_in_a_row_end_training(learner: Learner) -> None:
    fallback = Rollback(learner)
    for _ in range(ROLLBACKS):
        spoil(learner)
        fallback.roll_back(learner, 7)
        assert learner.finite()
    spoil(learner)
    with pytest.raises(TrainingError, match="again and again"):
        fallback.roll_back(learner, 7)
    assert learner.finite()


def test_that_spoils_far_apart_are_forgotten(learner: Learner) -> None:
    fallback = Rollback(learner)
    for round in range(0, 20 * CALM, CALM // 2):
        spoil(learner)
        fallback.roll_back(learner, round)


def test_that_a_spoilt_state_is_never_kept(learner: Learner) -> None:
    fallback = Rollback(learner)
    spoil(learner)
    fallback.keep(learner)
    assert not learner.finite()
    fallback.restore(learner)
    assert learner.finite()


def test_that_a_spoilt_average_is_not_given_out(learner: Learner) -> None:
    fallback = Rollback(learner)
    next(learner.average.network.parameters()).data.fill_(torch.inf)
    assert all(bool(value.isfinite().all()) for value in fallback.averaged(learner).state_dict().values())
