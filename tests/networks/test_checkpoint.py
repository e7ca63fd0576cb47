"""Checkpoints are restored exactly, and damaged or foreign ones are refused with a sentence."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from unetstudio.data.classes import ClassTable
from unetstudio.errors import CheckpointError
from unetstudio.networks.checkpoint import Checkpoint, load, load_optimizer, save
from unetstudio.networks.network import Network, create

CLASSES = ClassTable.named(["background", "membrane"], [(0, 0, 0), (255, 0, 0)])


def fresh(**options: Any) -> Network:
    torch.manual_seed(1)
    return create("unet", 1, 2, depth=1, base=4, **options)


def card(network: Network, **fields: Any) -> Checkpoint:
    return Checkpoint("unet", network.config.to_json(), CLASSES, **fields)


def test_that_a_loaded_network_computes_the_same(tmp_path: Path) -> None:
    network = fresh()
    _, path = save(tmp_path, card(network), network.state_dict())
    _, again = load(path)
    x = torch.randn(1, 1, 16, 16)
    assert torch.equal(network.eval()(x), again(x))


def test_that_the_card_is_restored(tmp_path: Path) -> None:
    network = fresh()
    made = card(
        network, intensity={"sigma": 12.0}, spacing=(2.0, 0.5, 0.5), step=12, seconds=3.5, score=0.81, class_scores={0: 0.9, 1: 0.72}
    )
    made = replace(made, settings={"seed": 3}, training_cases=("a", "b"), created="2025-01-01T00:00:00+00:00")
    identity, path = save(tmp_path, made, network.state_dict())
    assert load(path)[0] == replace(made, id=identity)
    assert Checkpoint.from_json(json.loads(path.with_suffix(".json").read_text())) == replace(made, id=identity)


def test_that_a_channels_last_network_is_saved_whole(tmp_path: Path) -> None:
    network = fresh().to(memory_format=torch.channels_last)
    _, path = save(tmp_path, card(network), network.state_dict())
    assert all(torch.equal(value, load(path)[1].state_dict()[key]) for key, value in network.state_dict().items())


def test_that_a_pooling_chosen_by_spacing_is_restored(tmp_path: Path) -> None:
    network = create("unet", 1, 2, 3, depth=1, base=2, pool=((1, 2, 2),))
    _, path = save(tmp_path, card(network), network.state_dict())
    assert load(path)[1].config == network.config


def test_that_training_goes_on_exactly_as_if_it_had_never_stopped(tmp_path: Path) -> None:
    def step(network: Network, optimizer: torch.optim.Optimizer) -> None:
        network.train()
        optimizer.zero_grad()
        network(torch.randn(2, 1, 16, 16)).square().mean().backward()
        optimizer.step()

    network = fresh()
    optimizer = torch.optim.AdamW(network.parameters(), fused=True)
    step(network, optimizer)
    kept = {"optimizer": optimizer.state_dict(), "random": torch.get_rng_state()}
    _, path = save(tmp_path, card(network), network.state_dict(), kept)
    step(network, optimizer)

    checkpoint, again = load(path)
    other = torch.optim.AdamW(again.parameters(), fused=True)
    state = load_optimizer(path, checkpoint)
    assert state is not None
    other.load_state_dict(state["optimizer"])
    torch.set_rng_state(state["random"])
    step(again, other)
    assert all(torch.equal(value, again.state_dict()[key]) for key, value in network.state_dict().items())


def test_that_a_checkpoint_without_optimiser_has_nothing_to_resume(tmp_path: Path) -> None:
    network = fresh()
    _, path = save(tmp_path, card(network), network.state_dict())
    assert load_optimizer(path, load(path)[0]) is None


def test_that_a_flipped_bit_is_found(tmp_path: Path) -> None:
    network = fresh()
    _, path = save(tmp_path, card(network), network.state_dict())
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="damaged"):
        load(path)


def test_that_a_flipped_bit_in_the_optimiser_is_found(tmp_path: Path) -> None:
    network = fresh()
    _, path = save(tmp_path, card(network), network.state_dict(), {"step": 3, "ema": torch.zeros(4)})
    beside = path.with_suffix(".optimizer")
    beside.write_bytes(beside.read_bytes()[:-1] + b"\1")
    with pytest.raises(CheckpointError, match="begin afresh"):
        load_optimizer(path, load(path)[0])


@pytest.mark.parametrize("content", [b"", b"\x00" * 64, b"PK\x03\x04 not ours", (10**9).to_bytes(8, "little") + b"{}"])
def test_that_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "liver.safetensors"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"liver\.safetensors is not a checkpoint"):
        load(path)


def test_that_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"gone\.safetensors cannot be read"):
        load(tmp_path / "gone.safetensors")


def test_that_a_renamed_weights_file_alone_is_enough(tmp_path: Path) -> None:
    network = fresh()
    identity, path = save(tmp_path, card(network), network.state_dict())
    moved = path.rename(tmp_path / "my best.safetensors")
    assert load(moved)[0].id == identity


def test_that_a_newer_format_asks_for_an_update() -> None:
    values = {**card(fresh()).to_json(), "format": 99, "program": "7.0"}
    with pytest.raises(CheckpointError, match=r"U-Net Studio 7\.0; update"):
        Checkpoint.from_json(values)


def test_that_weights_that_are_not_numbers_are_never_written(tmp_path: Path) -> None:
    network = fresh()
    state = network.state_dict()
    state["head.bias"] = torch.tensor([float("nan"), 0.0])
    with pytest.raises(CheckpointError, match="not finite"):
        save(tmp_path, card(network), state)
    assert not list(tmp_path.iterdir())


def test_that_a_card_cannot_ask_for_a_larger_network_than_its_weights(tmp_path: Path) -> None:
    network = fresh()
    made = replace(card(network), config={**network.config.to_json(), "base": 512, "depth": 8})
    _, path = save(tmp_path, made, network.state_dict())
    with pytest.raises(CheckpointError, match="do not fit"):
        load(path)


def test_that_a_network_not_installed_here_is_named(tmp_path: Path) -> None:
    network = fresh()
    _, path = save(tmp_path, replace(card(network), network="hyper_net"), network.state_dict())
    with pytest.raises(CheckpointError, match="hyper_net"):
        load(path)


def test_that_a_failed_write_leaves_nothing_half_done(tmp_path: Path) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    network = fresh()
    with pytest.raises(OSError, match="No space"):
        save(tmp_path, card(network), network.state_dict(), write=full)
    assert not list(tmp_path.iterdir())
