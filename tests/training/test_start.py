"""A training state from a stranger is gone on from only if it is of the network it comes with; the weights serve anyhow."""

from pathlib import Path
from typing import Any

import pytest
import torch

from unetstudio.data.classes import ClassTable
from unetstudio.networks.checkpoint import Checkpoint, save
from unetstudio.networks.device import Precision
from unetstudio.networks.network import Network, create
from unetstudio.training.learner import Learner
from unetstudio.training.start import load_start

CLASSES = ClassTable.named(["background", "membrane"], [(0, 0, 0), (255, 0, 0)])
BUDGET = {"seconds": 0.0, "steps": 5, "from_seconds": 0.0, "from_step": 0}


def small(base: int = 2) -> Network:
    torch.manual_seed(0)
    return create("unet", 1, 2, depth=1, base=base)


def saved(folder: Path, state: dict[str, Any]) -> Path:
    network = small()
    return save(folder, Checkpoint("unet", network.config.to_json(), CLASSES), network.state_dict(), state)[1]


def whole(base: int = 2) -> dict[str, Any]:
    return {"learner": Learner(small(base), Precision(torch.device("cpu"))).state(), "round": 2, "budget": BUDGET}


def test_that_a_state_of_the_same_network_is_gone_on_from(tmp_path):
    assert load_start(saved(tmp_path, whole())).state is not None


@pytest.mark.parametrize(
    "forge",
    [
        lambda state: {},
        lambda state: {**state, "budget": {"__class__": 1}},
        lambda state: {**state, "round": "2"},
        lambda state: {**state, "learner": {}},
        lambda state: {**state, "learner": [1]},
        lambda state: {**state, "learner": {**state["learner"], "random": "seed"}},
        lambda state: {**state, "learner": {**state["learner"], "average": whole(base=4)["learner"]["average"]}},
        lambda state: {**state, "learner": {**state["learner"], "optimizer": None}},
    ],
)
def test_that_a_forged_state_is_left_aside_and_the_weights_serve(tmp_path, forge):
    start = load_start(saved(tmp_path, forge(whole())))
    assert start.state is None and start.network.parameters_count > 0
