"""What the cards tell of a project's checkpoints."""

import hashlib
import json

import pytest

from unetstudio.data.classes import ClassTable
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
    assert checkpoints.cards(tmp_path / "none") == [] and checkpoints.newest(tmp_path) is None


def test_that_the_newest_is_found(folder):
    assert [card.step for card in checkpoints.cards(folder)] == [6, 5, 4, 3, 2, 1]
    assert checkpoints.newest(folder).step == 6
    assert checkpoints.newest(folder).classes == CLASSES


@pytest.mark.parametrize("text", [b"", b"[]", b'{"id": 3}', b"\xff\xfe", b'{"score": NaN}'])
def test_that_a_damaged_card_is_left_out(folder, text):
    checkpoints.newest(folder).path.with_suffix(".json").write_bytes(text)
    assert checkpoints.newest(folder).step == 5
