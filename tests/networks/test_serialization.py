"""Nested values with tensors are restored bit for bit."""

import numpy as np
import pytest
import torch

from unetstudio.errors import CheckpointError
from unetstudio.networks.serialization import pack, unpack


def test_that_nested_values_are_restored_with_their_types() -> None:
    tree = {
        "groups": [{"betas": (0.9, 0.999), "fused": True, "lr": 1e-3, "decay": None}],
        "state": {0: {"step": torch.tensor(3.0)}},
        "name": "",
    }
    again = unpack(pack(tree))
    assert torch.equal(again["state"][0].pop("step"), tree["state"][0].pop("step"))  # type: ignore[index]
    assert again == tree


def test_that_a_numpy_generator_goes_on_where_it_was() -> None:
    rng = np.random.default_rng(5)
    rng.random(7)
    other = np.random.default_rng()
    other.bit_generator.state = unpack(pack({"rng": rng.bit_generator.state}))["rng"]
    assert rng.random() == other.random()


def test_that_bits_survive_in_every_number_format() -> None:
    for dtype in (torch.float32, torch.bfloat16, torch.float16, torch.int64, torch.uint8, torch.bool):
        value = torch.tensor([0, 1, 1, 0]).to(dtype)
        assert torch.equal(unpack(pack([value]))[0], value)


def test_that_an_object_cannot_be_smuggled_in() -> None:
    with pytest.raises(TypeError, match="cannot be kept"):
        pack({"run": object()})


def test_that_foreign_bytes_are_refused() -> None:
    with pytest.raises(CheckpointError, match="begin afresh"):
        unpack(b"\x80\x04nothing of ours")
