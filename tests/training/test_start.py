"""A training state from a stranger is gone on from only if it is of the network it comes with; the weights serve anyhow."""

from pathlib import Path
from typing import Any

import pytest
import torch

from unetstudio.data.classes import ClassTable
from unetstudio.errors import CheckpointError
from unetstudio.networks.checkpoint import Checkpoint, save
from unetstudio.networks.device import Precision
from unetstudio.networks.network import Network, create
from unetstudio.project.checkpoints import newest
from unetstudio.settings import TrainingSettings
from unetstudio.training.start import load_start
from unetstudio.training.train_state import TrainState

CLASSES = ClassTable.named(["background", "membrane"], [(0, 0, 0), (255, 0, 0)])
BUDGET = {"seconds": 0.0, "steps": 5, "from_seconds": 0.0, "from_step": 0}


def small(base: int = 2) -> Network:
    torch.manual_seed(0)
    return create("unet", 1, 2, depth=1, base=base)


def saved(folder: Path, state: dict[str, Any]) -> Path:
    network = small()
    return save(folder, Checkpoint("unet", network.config.to_json(), CLASSES), network.state_dict(), state)[1]


def whole(base: int = 2) -> dict[str, Any]:
    return {"learner": TrainState(small(base), Precision(torch.device("cpu"))).state_dict(), "round": 2, "budget": BUDGET}


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


def test_that_the_newest_checkpoint_of_a_network_and_preset_is_found_whatever_came_after(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    network = small()
    for step, (name, preset) in enumerate((("unet", ""), ("unet", "published"), ("fcn", ""))):
        made = Checkpoint(name, network.config.to_json(), CLASSES, step=step, settings={"preset": preset})
        save(folder, made, network.state_dict())
    found = {card.step for like in (None, TrainingSettings(network="fcn")) if (card := newest(folder, like)) is not None}
    assert found == {2}
    assert load_start(tmp_path, like=TrainingSettings()).checkpoint.step == 0
    assert load_start(tmp_path, like=TrainingSettings(preset="published")).checkpoint.step == 1
    with pytest.raises(CheckpointError, match="train first"):
        load_start(tmp_path, like=TrainingSettings(network="unetr"))
