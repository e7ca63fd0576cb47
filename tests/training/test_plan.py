"""Choices that the settings leave open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch

from unetstudio.data.geometry import Geometry
from unetstudio.data.study import Study
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


def test_that_strokes_are_learnt_without_dice_and_masks_with_it(make_study: MakeStudy) -> None:
    assert make_plan(make_study(), TrainingSettings(), CPU).dice == 0
    assert make_plan(make_study(dense=True), TrainingSettings(), CPU).dice > 0


def test_that_only_strokes_on_pictures_are_learnt_with_a_short_warm_up(make_study: MakeStudy) -> None:
    short = make_plan(make_study(), TrainingSettings(), CPU).warm_up
    assert short < make_plan(make_study(dense=True), TrainingSettings(), CPU).warm_up
    assert short < make_plan(make_study(shape=(30, 32, 32)), TrainingSettings(), CPU).warm_up


def test_that_patches_are_no_larger_than_the_scans_need(make_study: MakeStudy) -> None:
    assert make_plan(make_study(shape=(1, 40, 70)), TrainingSettings(), CPU).patch == (40, 72)


def test_that_patients_are_not_mirrored(make_study: MakeStudy) -> None:
    study = make_study(shape=(30, 32, 32))
    found = study.cases["case0"]
    affine = ((0.0, 0.0, 1.0, 0.0), (0.0, 1.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))
    found.case = replace(found.case, geometry=Geometry((1.0, 1.0, 1.0), affine))
    assert make_plan(study, TrainingSettings(), CPU).oriented


def test_that_large_slices_are_learnt_one_by_one_only_while_somebody_paints_on_a_processor(make_study: MakeStudy) -> None:
    study = make_study(shape=(30, 192, 192))
    assert make_plan(study, TrainingSettings(), CPU).dims == 2
    assert make_plan(study, TrainingSettings(seconds=100), CPU).dims == 3
    assert make_plan(study, TrainingSettings(), torch.device("cuda")).dims == 3


def test_that_only_strokes_on_pictures_and_slices_are_learnt_with_filters(make_study: MakeStudy) -> None:
    assert make_plan(make_study(), TrainingSettings(), CPU).filters
    assert not make_plan(make_study(dense=True), TrainingSettings(), CPU).filters
    assert not make_plan(make_study(shape=(30, 32, 32)), TrainingSettings(), CPU).filters
