"""F9: numbers that are not finite, wherever they come from, are stepped back from; no such weights are saved or predicted with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faults.material import SMALL, disc, study_of

from unetstudio.errors import TrainingError
from unetstudio.inference.events import Notice
from unetstudio.networks.checkpoint import load
from unetstudio.training.events import RoundDone, TrainingEvent, TrainingFinished
from unetstudio.training.fit import Trainer
from unetstudio.training.start import load_start

PLACES = ("loss", "gradient", "weights", "average", "optimiser", "norm")
VALUES = {"NaN": float("nan"), "infinity": float("inf")}


def spoil(trainer: Trainer, place: str, value: float) -> None:
    """Puts a value that is not finite into a place of the state."""
    assert trainer.training is not None
    state = trainer.training.state
    parameter = next(state.network.head.parameters())
    match place:
        case "loss":
            once = [state.network.register_forward_hook(lambda _, __, output: (once.pop().remove(), output * value)[1])]
        case "gradient":
            hook = [parameter.register_hook(lambda gradient: (hook.pop().remove(), gradient * value)[1])]
        case "weights":
            parameter.data.view(-1)[0] = value
        case "average":
            next(state.ema.network.head.parameters()).data.view(-1)[0] = value
        case "optimiser":
            state.optimizer.state[parameter]["exp_avg_sq"].view(-1)[0] = value
        case "norm":
            next(b for name, b in state.network.named_buffers() if name.endswith("running_var")).view(-1)[0] = value


def spoil_before(trainer: Trainer, step: int, place: str, value: float) -> None:
    """Does so before the training step of that number."""
    assert trainer.training is not None
    left = [step]

    def count(*_: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            counting.remove()
            spoil(trainer, place, value)

    counting = trainer.training.state.network.register_forward_pre_hook(count)


def all_finite(folder: Path) -> bool:
    """Whether every checkpoint in a folder, and the state beside it, holds finite numbers only."""
    for path in folder.glob("*.safetensors"):
        start = load_start(path)
        assert start.state is not None
        floats = [v for part in ("network", "average") for v in start.state["learner"][part].values() if v.is_floating_point()]
        floats += [v for memory in start.state["learner"]["optimizer"]["state"].values() for v in memory.values()]
        floats += [v for v in load(path)[1].state_dict().values() if v.is_floating_point()]
        if not all(bool(v.isfinite().all()) for v in floats):
            return False
    return True


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", VALUES)
def test_that_training_goes_back_whatever_is_spoilt_at_any_step(
    place: str, name: str, tmp_path: Path, long: bool, figure: Callable[..., None]
) -> None:
    steps = range(2, 26) if long else (3,)
    good = 0
    for step in steps:
        folder = tmp_path / str(step)
        trainer = Trainer(study_of(disc(0)[0]), SMALL, checkpoints=folder)
        story = trainer.run()
        events: list[TrainingEvent] = [next(story)]
        spoil_before(trainer, step, place, VALUES[name])
        for event in story:
            events.append(event)
            if isinstance(event, RoundDone):
                assert all(bool(v.isfinite().all()) for v in trainer.predictor().network.state_dict().values())
        assert isinstance(events[-1], TrainingFinished)
        told = [event for event in events if isinstance(event, Notice)]
        assert len(told) <= 1
        assert told or place in ("average", "norm")  # these may be made anew before anything is read from them
        assert list(folder.glob("*.safetensors"))
        assert all_finite(folder)
        good += 1
    figure("F9", f"{name} in the {place}", bar="back to finite weights; none other saved", n=len(steps), good=good)


def test_that_a_training_closed_with_spoilt_weights_saves_the_last_good_ones(tmp_path: Path) -> None:
    trainer = Trainer(study_of(disc(0)[0]), SMALL, checkpoints=tmp_path)
    story = trainer.run()
    while trainer.round < 1:
        next(story)
    for place in ("weights", "average", "optimiser"):
        spoil(trainer, place, float("nan"))
    story.close()
    assert list(tmp_path.glob("*.safetensors"))
    assert all_finite(tmp_path)


def test_that_a_loss_that_stays_spoilt_ends_training_after_three_times_with_finite_weights_on_the_disk(
    tmp_path: Path, figure: Callable[..., None]
) -> None:
    trainer = Trainer(study_of(disc(0)[0]), SMALL, checkpoints=tmp_path)
    story = trainer.run()
    events = [next(story)]
    assert trainer.training is not None
    trainer.training.state.network.register_forward_hook(lambda _, __, output: output * float("nan"))
    with pytest.raises(TrainingError, match="again and again"):
        for event in story:
            events.append(event)
    assert sum(isinstance(event, Notice) for event in events) == 3
    assert all_finite(tmp_path)
    figure("F9", "a loss that stays NaN", bar="three steps back, then a sentence", n=1, good=1)


def spotted(value: float, share: float) -> np.ndarray:
    """The disc with a share of its voxels replaced."""
    picture = disc(0)[0].copy()
    picture.reshape(-1)[: round(share * picture.size)] = value
    return picture


@pytest.mark.parametrize("share", [0.001, 0.4, 1.0])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38])
def test_that_voxels_that_are_not_numbers_do_not_spoil_training(
    value: float, share: float, tmp_path: Path, figure: Callable[..., None]
) -> None:
    trainer = Trainer(study_of(spotted(value, share), disc(1)[0]), SMALL, checkpoints=tmp_path)
    events = list(trainer.run())
    assert isinstance(events[-1], TrainingFinished)
    assert not [event for event in events if isinstance(event, Notice)]
    assert all_finite(tmp_path)
    assert trainer.training is not None
    assert all(np.isfinite([w.low, w.high]).all() for w in trainer.training.intensity.windows)
    figure("F9", f"{share:.1%} of an image's voxels are {value:g}", bar="trains on, all finite", n=1, good=1)
