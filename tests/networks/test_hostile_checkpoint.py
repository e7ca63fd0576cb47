"""A checkpoint from a stranger runs no code, takes no memory beyond its own size, and is refused with one sentence."""

from __future__ import annotations

import json
import os
import struct
import tracemalloc
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save as save_tensors

from unetstudio.data.classes import ClassTable
from unetstudio.data.intensity import Intensity, Window
from unetstudio.errors import CheckpointError
from unetstudio.inference.network_predictor import NetworkPredictor
from unetstudio.networks.checkpoint import Checkpoint, load, load_optimizer, save
from unetstudio.networks.network import NETWORKS, create
from unetstudio.networks.serialization import METADATA, unpack

CLASSES = ClassTable.named(["background", "membrane"], [(0, 0, 0), (255, 0, 0)])
SCALE = Intensity(1, (Window(0, 0.0, 255.0),), local=False)


@pytest.fixture
def made(tmp_path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """The weights and the card of a right checkpoint."""
    torch.manual_seed(0)
    network = create("unet", 1, 2, depth=1, base=2)
    card = Checkpoint("unet", network.config.to_json(), CLASSES, SCALE.to_json(), spacing=(1.0, 1.0, 1.0), score=0.5, class_scores={0: 0.5})
    _, path = save(tmp_path / "right", card, network.state_dict())
    return dict(network.state_dict()), json.loads(path.with_suffix(".json").read_text())


def forged(folder: Path, tensors: dict[str, torch.Tensor], card: Any) -> Path:
    """Under a name of its own, as people send them: no hash speaks against it."""
    path = folder / "sent.safetensors"
    text = card if isinstance(card, str) else json.dumps(card)
    path.write_bytes(save_tensors({k: v.contiguous() for k, v in tensors.items()}, {METADATA: text}))
    return path


def test_that_the_right_checkpoint_loads_under_another_name(tmp_path, made):
    tensors, card = made
    assert NetworkPredictor.load(forged(tmp_path, tensors, card), "cpu").values == (0, 1)


CARDS = {
    "a list": lambda card: [],
    "text without end": lambda card: "[" * 100_000,
    "no text": lambda card: "",
    "no network": lambda card: card.pop("network") and card,
    "an unknown network": lambda card: {**card, "network": "../../evil"},
    "another configuration": lambda card: {**card, "config": {**card["config"], "base": 512, "depth": 8}},
    "a terabyte": lambda card: {**card, "config": {**card["config"], "base": 10**9}},
    "a depth without end": lambda card: {**card, "config": {**card["config"], "depth": 10**9}},
    "a depth of text": lambda card: {**card, "config": {**card["config"], "depth": "deep"}},
    "poolings of nothing": lambda card: {**card, "config": {**card["config"], "pool": [[0, 0]]}},
    "an option nobody knows": lambda card: {**card, "config": {**card["config"], "__class__": "os.system"}},
    "a spacing of nothing": lambda card: {**card, "spacing": [0, 1, 1]},
    "a spacing that is no number": lambda card: {**card, "spacing": [1, 1, float("nan")]},
    "a score that is no number": lambda card: {**card, "score": float("inf")},
    "scores of text": lambda card: {**card, "class_scores": {"a": "b"}},
    "a class of value 300": lambda card: {
        **card,
        "classes": {"classes": [{"value": 300, "name": "x", "colour": [0, 0, 0]}], "next_value": 1},
    },
    "more classes than channels": lambda card: {**card, "classes": ClassTable.named(["a", "b", "c"], [(0, 0, 0)] * 3).to_json()},
    "a newer format": lambda card: {**card, "format": 99},
    "a billion channels": lambda card: {**card, "intensity": {**SCALE.to_json(), "channels": 10**9}},
    "a window of nothing": lambda card: {**card, "intensity": {**SCALE.to_json(), "windows": [[0, 1, 1]]}},
    "a window beyond": lambda card: {**card, "intensity": {**SCALE.to_json(), "windows": [[7, 0, 1]]}},
    "a blur without end": lambda card: {**card, "intensity": {**SCALE.to_json(), "sigma": 1e12}},
    "another scale than the network takes": lambda card: {**card, "intensity": {**SCALE.to_json(), "local": True}},
}


@pytest.mark.parametrize("forge", CARDS.values(), ids=CARDS.keys())
def test_that_a_forged_card_is_refused_with_one_sentence(tmp_path, made, forge):
    tensors, card = made
    path = forged(tmp_path, tensors, forge(card))
    tracemalloc.start()
    with pytest.raises(CheckpointError) as refusal:
        NetworkPredictor.load(path, "cpu")
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taken < 64 * 2**20
    assert "\n" not in str(refusal.value) and len(str(refusal.value)) < 400


WEIGHTS = {
    "of another type": lambda state: {k: v.double() if v.is_floating_point() else v for k, v in state.items()},
    "of half the bits": lambda state: {k: v.half() if v.is_floating_point() else v for k, v in state.items()},
    "of whole numbers": lambda state: {k: v.long() for k, v in state.items()},
    "one too few": lambda state: dict(list(state.items())[1:]),
    "one too many": lambda state: {**state, "extra": torch.zeros(3)},
    "of another shape": lambda state: {k: v[:0] if v.dim() else v for k, v in state.items()},
    "not a number": lambda state: {k: v * float("nan") if v.is_floating_point() else v for k, v in state.items()},
    "beyond all numbers": lambda state: {k: v + float("inf") if v.is_floating_point() else v for k, v in state.items()},
}


@pytest.mark.parametrize("forge", WEIGHTS.values(), ids=WEIGHTS.keys())
def test_that_weights_that_do_not_fit_are_refused(tmp_path, made, forge):
    tensors, card = made
    with pytest.raises(CheckpointError):
        load(forged(tmp_path, forge(tensors), card))


def header(text: bytes, length: int | None = None) -> bytes:
    return struct.pack("<Q", len(text) if length is None else length) + text


FILES = {
    "a header of 2^60 bytes": header(b"{}", 2**60),
    "a header larger than the file": header(b"{}", 10**9),
    "a header nested without end": header(b'{"a":' + b"[" * 100_000),
    "a shape of 10 TB": header(json.dumps({"w": {"dtype": "F32", "shape": [10**6, 10**7], "data_offsets": [0, 4]}}).encode()) + bytes(4),
    "a place outside": header(json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 10**9]}}).encode()) + bytes(4),
    "places upon one another": header(json.dumps({n: {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} for n in "ab"}).encode())
    + bytes(4),
    "a pickle": b"\x80\x04\x95cos\nsystem\n(S'echo hacked'\ntR.",
    "an archive": b"PK\x03\x04" + bytes(100),
    "nothing": b"",
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES.keys())
def test_that_a_file_that_is_no_safetensors_is_refused(tmp_path, content):
    (tmp_path / "sent.safetensors").write_bytes(content)
    with pytest.raises(CheckpointError, match="is not a checkpoint of U-Net Studio, or is damaged"):
        load(tmp_path / "sent.safetensors")
    with pytest.raises(CheckpointError):
        unpack(content)


@pytest.mark.timeout(20)
def test_that_a_pipe_or_a_file_of_a_terabyte_is_no_checkpoint(tmp_path):
    os.mkfifo(tmp_path / "pipe.safetensors")
    with pytest.raises(CheckpointError, match="is not a file"):
        load(tmp_path / "pipe.safetensors")
    with (tmp_path / "sparse.safetensors").open("wb") as file:
        file.truncate(10**13)
    with pytest.raises(CheckpointError, match="larger than the memory"):
        load(tmp_path / "sparse.safetensors")


@pytest.mark.parametrize(
    "outline",
    ['{"tensor": "7"}', '{"tensor": 7}', '{"dict": [1]}', '{"dict": [[[], 1]]}', '{"list": 3}', "[" * 100_000, '{"dict": [[["a"], 1]]}'],
)
def test_that_a_forged_training_state_is_refused(outline):
    with pytest.raises(CheckpointError, match="state of the training run is damaged"):
        unpack(save_tensors({"0": torch.zeros(1)}, {METADATA: outline}))


def test_that_another_checkpoints_training_state_is_refused(tmp_path, made):
    tensors, card = made
    _, path = save(tmp_path, Checkpoint.from_json(card), tensors, {"round": 1})
    path.with_suffix(".optimizer").write_bytes(save_tensors({"0": torch.zeros(1)}, {METADATA: "{}"}))
    with pytest.raises(CheckpointError, match="is damaged; training can begin afresh"):
        load_optimizer(path, load(path)[0])


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", list(NETWORKS))
def test_that_no_configuration_of_a_network_takes_memory_or_time_before_it_is_refused(tmp_path, made, name):
    tensors, card = made
    kind = NETWORKS[name]
    good = create(name, 1, 2, kind.dims[0]).config.to_json() if name != "unet" else card["config"]
    for field in fields(kind.Config):
        for value in (10**9, -1, "x" * 100, [10**9], [[10**9] * 3] * 3, None, {}, 1e308):
            path = forged(tmp_path, tensors, {**card, "network": name, "config": {**good, field.name: value}})
            try:
                load(path)
            except CheckpointError:
                continue
            assert name == "unet"  # a value that changes nothing of this network's weights, such as True for 1
