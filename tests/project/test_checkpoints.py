"""What the cards tell of a project's checkpoints."""

import hashlib
import json

import pytest

from unetstudio.data.classes import ClassTable
from unetstudio.errors import CheckpointError
from unetstudio.project import checkpoints, durable
from unetstudio.settings import TrainingSettings

CLASSES = ClassTable.named(["a", "b"], [(0, 0, 0), (9, 9, 9)])


def saved(folder, number, score, **more):
    weights = b"weights %d" % number
    name = hashlib.sha256(weights).hexdigest()
    card = {"id": name, "network": "unet", "step": number, "seconds": 1.0, "score": score, "classes": CLASSES.to_json(), **more}
    durable.save(folder / f"{name}.safetensors", weights)
    durable.save(folder / f"{name}.optimizer", b"state")
    durable.save(folder / f"{name}.json", json.dumps({**card, "created": f"2026-01-0{number}T00:00:00+00:00"}).encode())
    return name


@pytest.fixture
def folder(tmp_path):
    for number, score in enumerate([0.5, 0.9, 0.7, 0.8, 0.6, 0.65], 1):
        saved(tmp_path / "checkpoints", number, score)
    return tmp_path / "checkpoints"


def test_that_a_project_without_checkpoints_has_none(tmp_path):
    assert checkpoints.cards(tmp_path / "none") == [] and checkpoints.newest(tmp_path) is None


def test_that_the_newest_is_found(folder):
    assert [card.step for card in checkpoints.cards(folder)] == [6, 5, 4, 3, 2, 1]
    assert checkpoints.newest(folder).step == 6
    assert checkpoints.newest(folder).classes == CLASSES


@pytest.mark.parametrize("text", [b"", b"[]", b'{"id": 3}', b"\xff\xfe", b'{"score": NaN}'])
def test_that_a_damaged_card_is_left_out(folder, text):
    checkpoints.newest(folder).path.with_suffix(".json").write_bytes(text)
    assert checkpoints.newest(folder).step == 5


def of_a_budget(began="2026-01-01", painted=5):
    return {"settings": {"seconds": 60}, "report": {"began": began, "painted": {"1": [painted, 1]}, "held_out": "held-out cases"}}


def test_that_a_clearly_better_checkpoint_of_the_same_budget_is_used(tmp_path):
    for number, score in enumerate([0.7, 0.9, 0.6], 1):
        saved(tmp_path, number, score, **of_a_budget())
    assert checkpoints.newest(tmp_path).step == 3
    assert checkpoints.to_use(tmp_path).step == 2


def test_that_a_hardly_better_checkpoint_does_not_replace_the_last(tmp_path):
    for number, score in enumerate([0.7, 0.71, 0.7], 1):
        saved(tmp_path, number, score, **of_a_budget())
    assert checkpoints.to_use(tmp_path).step == 3


@pytest.mark.parametrize("other", [{}, of_a_budget("2025-12-31"), of_a_budget(painted=4)])
def test_that_scores_of_other_labels_or_trainings_are_not_compared(tmp_path, other):
    saved(tmp_path, 1, 0.9, **other)
    saved(tmp_path, 2, 0.5, **of_a_budget())
    assert checkpoints.to_use(tmp_path).step == 2


def test_that_without_a_budget_the_newest_is_used(folder):
    assert checkpoints.to_use(folder).step == 6


def test_that_there_is_nothing_to_use_without_checkpoints(tmp_path):
    assert checkpoints.to_use(tmp_path) is None


def test_that_one_who_needs_a_checkpoint_is_told_what_to_do_without_any(folder, tmp_path):
    assert checkpoints.require(folder) == checkpoints.to_use(folder)
    with pytest.raises(CheckpointError, match="train first"):
        checkpoints.require(tmp_path)


def test_that_the_newest_of_a_network_and_preset_is_found(folder):
    saved(folder, 7, 0.1, network="fcn", settings={"preset": "small"})
    assert checkpoints.newest(folder, TrainingSettings()).step == 6
    assert checkpoints.newest(folder, TrainingSettings(network="fcn", preset="small")).step == 7
    assert checkpoints.newest(folder, TrainingSettings(network="fcn")) is None
