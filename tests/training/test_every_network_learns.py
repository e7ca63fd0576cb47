"""Every network learns from the same small study, by the way that the window and the command line go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from networks.tiny import tiny

from unetstudio.data.study import Study
from unetstudio.networks.checkpoint import load
from unetstudio.networks.device import Precision
from unetstudio.networks.network import NETWORKS
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import RoundDone
from unetstudio.training.fit import Trainer
from unetstudio.training.samples import Batch
from unetstudio.training.train_state import TrainState

MakeStudy = Callable[..., Study]
CHOICES = [(name, dims) for name, kind in NETWORKS.items() for dims in kind.dims]
CPU = Precision(torch.device("cpu"))


def batch_for(state: TrainState, dims: int) -> Batch:
    """Bright voxels are class 1; half of the voxels are not labelled."""
    torch.manual_seed(3)
    image = torch.randn(2, 2, *state.network.input_shape((16,) * dims))
    target = torch.where(image[:, 1] > 0, 255, (image[:, 0] > 0).long())
    return Batch(image, target, torch.ones_like(image[:, 0]))


@pytest.mark.parametrize(("name", "dims"), CHOICES)
def test_that_a_few_steps_on_one_batch_lower_the_loss(name: str, dims: int) -> None:
    state = TrainState(tiny(name, dims), CPU)
    batch = batch_for(state, dims)
    losses = [state.step(batch, 3e-3, torch.ones(3), 0.5).item() for _ in range(8)]
    assert min(losses[4:]) < losses[0]


@pytest.mark.parametrize(("name", "dims"), CHOICES)
def test_that_classes_can_be_added_in_the_middle_of_training(name: str, dims: int) -> None:
    state = TrainState(tiny(name, dims), CPU)
    batch = batch_for(state, dims)
    state.step(batch, 1e-3, torch.ones(3), 0.5)
    state.change_classes((0, 1, 2), (0, 2, 5, 7))
    assert state.network.config.n_classes == 4
    assert torch.isfinite(state.step(batch, 1e-3, torch.ones(4), 0.5))


@pytest.mark.parametrize("supervision", ["sides", "merged"])
def test_that_a_class_that_stays_keeps_its_weights_at_every_resolution(supervision: str) -> None:
    state = TrainState(tiny("attention_unet", 2, supervision=supervision), CPU)
    before = state.network.side_heads[0].weight.detach().clone()  # type: ignore[index, union-attr, operator]
    state.change_classes((0, 1, 2), (2, 0))
    after = state.network.side_heads[0].weight  # type: ignore[index, union-attr]
    assert torch.equal(after, before[[2, 0]])


@pytest.mark.parametrize("network", ["attention_unet", "unet"])
def test_that_deep_supervision_trains_scores_and_saves(
    network: str, make_study: MakeStudy, small: TrainingSettings, tmp_path: Path
) -> None:
    settings = replace(small, network=network, deep_supervision="on")
    trainer = Trainer(make_study(cases=5, dense=True), settings, checkpoints=tmp_path)
    events = list(trainer.run())
    assert any(isinstance(event, RoundDone) and event.score is not None for event in events)
    assert trainer.saved is not None
    assert load(Path(trainer.saved.path))[1].config == trainer.training.state.network.config  # type: ignore[union-attr]


def test_that_valid_padding_trains_and_scores(make_study: MakeStudy, small: TrainingSettings, tmp_path: Path) -> None:
    settings = replace(small, preset="published", depth=1)
    trainer = Trainer(make_study(cases=5, dense=True), settings, checkpoints=tmp_path)
    events = list(trainer.run())
    assert trainer.training is not None
    assert trainer.training.state.network.valid_margin == (8, 8)
    assert any(isinstance(event, RoundDone) and event.score is not None for event in events)


def test_that_labels_at_the_border_are_in_the_middle_of_what_valid_padding_answers(make_study: MakeStudy, small: TrainingSettings) -> None:
    from unetstudio.augment.recipe import Recipe
    from unetstudio.data.intensity import Intensity
    from unetstudio.training.material import Material
    from unetstudio.training.samples import Samples

    study = make_study()
    material = Material(study, Intensity.fit([study.scan("case0")]), 0)
    samples = Samples(material, Recipe(), (60, 60), 4, valid_margin=(20, 20), seed=0)
    try:
        batches = [samples.take() for _ in range(4)]
    finally:
        samples.close()
    assert all((batch.target[:, 20:40, 20:40] != 255).flatten(1).any(1).all() for batch in batches)
