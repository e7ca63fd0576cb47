"""Choices that the settings leave open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.data.study import Study
from unetstudio.errors import TrainingError, UserError
from unetstudio.networks.checkpoint import Checkpoint
from unetstudio.networks.network import NETWORKS, create
from unetstudio.settings import TrainingSettings
from unetstudio.training.plan import make_plan

MakeStudy = Callable[..., Study]
CPU = torch.device("cpu")


def test_that_pictures_are_learnt_in_two_dimensions_and_close_slices_in_three(make_study: MakeStudy) -> None:
    assert make_plan(make_study(), TrainingSettings(), CPU).dims == 2
    assert make_plan(make_study(shape=(30, 32, 32)), TrainingSettings(), CPU).dims == 3


def test_that_thick_slices_are_learnt_one_by_one(make_study: MakeStudy) -> None:
    study = make_study(shape=(12, 32, 32))
    found = study.cases["case0"]
    found.case = replace(found.case, geometry=Geometry(spacing=(7.5, 0.5, 0.5)))
    plan = make_plan(study, TrainingSettings(), CPU)
    assert plan.dims == 2
    assert "far apart" in plan.words["Dimensions"]


def test_that_what_the_user_chose_is_done(make_study: MakeStudy) -> None:
    plan = make_plan(make_study(), TrainingSettings(depth=2, base=6, norm="group", patch=48, batch=3), CPU)
    assert plan.options.items() >= {"depth": 2, "base": 6, "norm": "group"}.items()
    assert (plan.patch, plan.batch) == ((48, 48), 3)
    assert "as you chose" in plan.words["Network"]


def test_that_strokes_are_learnt_without_dice_and_masks_with_it(make_study: MakeStudy) -> None:
    assert make_plan(make_study(), TrainingSettings(), CPU).dice == 0
    assert make_plan(make_study(dense=True), TrainingSettings(), CPU).dice > 0


def test_that_only_strokes_on_pictures_are_learnt_with_a_short_warm_up(make_study: MakeStudy) -> None:
    short = make_plan(make_study(), TrainingSettings(), CPU).warm_up
    assert short < make_plan(make_study(dense=True), TrainingSettings(), CPU).warm_up
    assert short < make_plan(make_study(shape=(30, 32, 32)), TrainingSettings(), CPU).warm_up


def test_that_patches_are_no_larger_than_the_scans_need(make_study: MakeStudy) -> None:
    assert make_plan(make_study(shape=(1, 40, 70)), TrainingSettings(), CPU).patch == (40, 72)


def test_that_large_slices_are_learnt_one_by_one_only_while_somebody_paints_on_a_processor(make_study: MakeStudy) -> None:
    study = make_study(shape=(30, 192, 192))
    assert make_plan(study, TrainingSettings(), CPU).dims == 2
    assert make_plan(study, TrainingSettings(seconds=100), CPU).dims == 3
    assert make_plan(study, TrainingSettings(), torch.device("cuda")).dims == 3


def test_that_only_strokes_on_pictures_and_slices_are_learnt_with_filters(make_study: MakeStudy) -> None:
    assert make_plan(make_study(), TrainingSettings(), CPU).filters
    assert not make_plan(make_study(dense=True), TrainingSettings(), CPU).filters
    assert not make_plan(make_study(shape=(30, 32, 32)), TrainingSettings(), CPU).filters


@pytest.mark.parametrize("name", [name for name, kind in NETWORKS.items() if 2 in kind.dims])
def test_that_every_network_for_pictures_can_be_planned(name: str, make_study: MakeStudy) -> None:
    plan = make_plan(make_study(), TrainingSettings(network=name), CPU)
    assert plan.options.keys() == NETWORKS[name].options()
    assert NETWORKS[name].title in plan.words["Network"]
    with torch.device("meta"):
        network = create(name, 1, 2, plan.dims, **plan.options)
    assert network.input_shape(plan.patch) == plan.patch


@pytest.mark.parametrize("name", [name for name, kind in NETWORKS.items() if 3 in kind.dims])
def test_that_every_network_for_volumes_can_be_planned(name: str, make_study: MakeStudy) -> None:
    plan = make_plan(make_study(shape=(30, 32, 32)), TrainingSettings(network=name), CPU)
    with torch.device("meta"):
        network = create(name, 1, 2, plan.dims, **plan.options)
    assert plan.dims == 3
    assert network.input_shape(plan.patch) == plan.patch


def test_that_a_published_network_is_taken_as_it_is(make_study: MakeStudy) -> None:
    plan = make_plan(make_study(), TrainingSettings(preset="published"), CPU)
    assert (plan.options["base"], plan.options["depth"], plan.options["padding"]) == (64, 4, "valid")
    assert min(plan.patch) - 2 * 92 >= 32
    assert "preset published" in plan.words["Network"]


def test_that_a_large_network_has_a_small_preset_on_a_processor_and_not_on_a_gpu(make_study: MakeStudy) -> None:
    settings = TrainingSettings(network="resenc_unet")
    assert make_plan(make_study(), settings, CPU).options["blocks"] == [1, 2, 2]
    assert make_plan(make_study(), settings, torch.device("cuda")).options["blocks"] == [1, 3, 4, 6]


def test_that_a_network_for_volumes_refuses_pictures(make_study: MakeStudy) -> None:
    with pytest.raises(TrainingError, match="3D U-Net learns from volumes"):
        make_plan(make_study(), TrainingSettings(network="unet3d"), CPU)


def test_that_a_preset_that_there_is_not_is_refused(make_study: MakeStudy) -> None:
    with pytest.raises(UserError, match="no preset 'tiny'"):
        make_plan(make_study(), TrainingSettings(preset="tiny"), CPU)


def test_that_a_checkpoint_keeps_its_network(make_study: MakeStudy) -> None:
    network = create("attention_unet", 1, 2, depth=2, base=4)
    made = Checkpoint("attention_unet", network.config.to_json(), ClassTable.named(["a", "b"], [(0, 0, 0)] * 2))
    plan = make_plan(make_study(), TrainingSettings(network="unet", depth=4), CPU, made)
    assert plan.network == "attention_unet"
    assert plan.options["depth"] == 2
    assert "trained before" in plan.words["Network"]


def test_that_deep_supervision_can_be_asked_for_and_refused(make_study: MakeStudy) -> None:
    assert not make_plan(make_study(), TrainingSettings(), CPU).options["deep_supervision"]
    assert make_plan(make_study(), TrainingSettings(deep_supervision="on"), CPU).options["deep_supervision"]
    settings = TrainingSettings(network="resenc_unet", deep_supervision="off")
    assert not make_plan(make_study(), settings, CPU).options["deep_supervision"]
    with pytest.raises(UserError, match="choose auto, on or off"):
        make_plan(make_study(), TrainingSettings(deep_supervision="maybe"), CPU)


def test_that_a_wish_that_a_network_does_not_have_is_told(make_study: MakeStudy) -> None:
    plan = make_plan(make_study(), TrainingSettings(network="fcn", deep_supervision="on"), CPU)
    assert "deep supervision" in plan.words["Not used"]


def test_that_crops_can_be_biased_by_choice_and_say_so(make_study: MakeStudy) -> None:
    assert "each round a labelled voxel of a random class" in make_plan(make_study(), TrainingSettings(), CPU).words["Patches"]
    assert "50% of them round a voxel of a random class" in make_plan(make_study(dense=True), TrainingSettings(), CPU).words["Patches"]
    assert "each round any labelled voxel, as you chose" in make_plan(make_study(), TrainingSettings(crop="0"), CPU).words["Patches"]
    for wrong in ("some", "1.5"):
        with pytest.raises(UserError, match="from 0 to 1"):
            make_plan(make_study(), TrainingSettings(crop=wrong), CPU)
