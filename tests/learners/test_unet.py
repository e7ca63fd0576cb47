"""The U-Net's learner: the checkpoint it begins from, and the one it predicts with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from unetstudio.data.study import Study
from unetstudio.errors import CheckpointError, TrainingError
from unetstudio.learners.unet import UNetLearner
from unetstudio.project.checkpoints import require
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import TrainingStarted


@pytest.fixture
def learnt(study: Study, project: Path, endless: TrainingSettings) -> Path:
    """A project in which a U-Net has learnt for a few steps; its weights."""
    learner = UNetLearner(study, project)
    learner.begin(replace(endless, steps=4))
    list(learner.learn())
    return require(project / "checkpoints").path


def step_of_start(learner: UNetLearner) -> int:
    """Return the step at which it begins now."""
    return next(event.step for event in learner.learn() if isinstance(event, TrainingStarted))


def test_that_a_checkpoint_in_use_predicts_until_a_round_is_over(
    learnt: Path, study: Study, project: Path, endless: TrainingSettings
) -> None:
    learner = UNetLearner(study, project)
    assert learner.network == "unet"
    learner.begin(endless)
    predictor = learner.predictor()
    assert predictor is not None and predictor.checkpoint == learnt.stem


def test_that_another_network_begins_anew_without_the_old_one_s_predictions_standing_in(
    learnt: Path, study: Study, project: Path, endless: TrainingSettings
) -> None:
    other = UNetLearner(study, project)
    other.begin(replace(endless, network="attention_unet", steps=2))
    assert step_of_start(other) == 0
    list(other.learn())
    back = UNetLearner(study, project)
    assert back.network == "attention_unet"
    back.begin(endless)  # the U-Net's own checkpoint is older than the one in use
    assert back.predictor() is None
    assert step_of_start(back) == 4


def test_that_other_sizes_do_not_go_on_from_a_checkpoint(learnt: Path, study: Study, project: Path, endless: TrainingSettings) -> None:
    learner = UNetLearner(study, project)
    learner.begin(replace(endless, base=8))
    assert step_of_start(learner) == 0


def test_that_weights_that_are_named_are_begun_from_at_step_nought(
    learnt: Path, study: Study, project: Path, endless: TrainingSettings
) -> None:
    learner = UNetLearner(study, project)
    learner.begin(endless, init=learnt)
    assert step_of_start(learner) == 0
    with pytest.raises(CheckpointError):
        learner.begin(endless, init=learnt.with_name("gone.safetensors"))


def test_that_a_damaged_checkpoint_is_left_aside(learnt: Path, study: Study, project: Path, endless: TrainingSettings) -> None:
    learnt.write_bytes(b"no weights")
    learner = UNetLearner(study, project)
    assert (learner.predictor(), learner.network) == (None, "")
    learner.begin(endless)
    assert step_of_start(learner) == 0


def test_that_images_left_out_are_tried_again(study: Study, project: Path, endless: TrainingSettings) -> None:
    study.exclude("case0")
    UNetLearner(study, project).begin(endless)
    assert study.excluded == []


def test_that_learning_must_be_begun(study: Study, project: Path) -> None:
    with pytest.raises(TrainingError):
        UNetLearner(study, project).learn()
