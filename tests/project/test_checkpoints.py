"""What the cards tell of a project's checkpoints."""

import hashlib
import json

import pytest

from unetstudio.data.classes import ClassTable
from unetstudio.errors import CheckpointError
from unetstudio.project import checkpoints, durable

CLASSES = ClassTable.named(["a", "b"], [(0, 0, 0), (9, 9, 9)])


def saved(folder, number, score):
    weights = b"weights %d" % number
    name = hashlib.sha256(weights).hexdigest()
    card = {"id": name, "network": "unet", "step": number, "seconds": 1.0, "score": score, "classes": CLASSES.to_json()}
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
    assert checkpoints.cards(tmp_path / "none") == [] and checkpoints.newest(tmp_path) is None and checkpoints.best(tmp_path) is None


def test_that_newest_and_best_are_found(folder):
    assert [card.step for card in checkpoints.cards(folder)] == [6, 5, 4, 3, 2, 1]
    assert (checkpoints.newest(folder).step, checkpoints.best(folder).step) == (6, 2)
    assert checkpoints.newest(folder).classes == CLASSES


def test_that_without_scores_the_newest_is_the_best(tmp_path):
    for number in (1, 2):
        saved(tmp_path, number, None)
    assert checkpoints.best(tmp_path).step == 2


def test_that_the_best_and_the_last_three_stay(folder):
    gone = checkpoints.delete_old(folder)
    assert sorted(card.step for card in checkpoints.cards(folder)) == [2, 4, 5, 6]
    assert len(gone) == 2 and len(list(folder.iterdir())) == 12


def test_that_damaged_weights_are_refused(folder):
    card = checkpoints.newest(folder)
    checkpoints.verify(card)
    card.path.write_bytes(b"weights 7")
    with pytest.raises(CheckpointError, match="damaged"):
        checkpoints.verify(card)
    card.path.unlink()
    with pytest.raises(CheckpointError):
        checkpoints.verify(card)


@pytest.mark.parametrize("text", [b"", b"[]", b'{"id": 3}', b"\xff\xfe", b'{"score": NaN}'])
def test_that_a_damaged_card_is_left_out(folder, text):
    checkpoints.newest(folder).path.with_suffix(".json").write_bytes(text)
    assert checkpoints.newest(folder).step == 5
