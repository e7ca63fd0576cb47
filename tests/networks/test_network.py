"""Trials that every registered network goes through."""

from pathlib import Path

import pytest
import torch
from networks.tiny import lively, tiny

from unetstudio.data.classes import ClassTable
from unetstudio.errors import UserError
from unetstudio.networks.checkpoint import Checkpoint, load, save
from unetstudio.networks.network import NETWORKS, create, name_of, rebuild, round_up

CHOICES = [(name, dims) for name, kind in NETWORKS.items() for dims in kind.dims]
PRESETS = [(name, dims, preset) for name, dims in CHOICES for preset in NETWORKS[name].presets_for(dims)]


@pytest.mark.parametrize(("name", "dims"), CHOICES)
def test_that_logits_have_a_channel_per_class_and_the_input_shape_less_the_valid_margin(name: str, dims: int) -> None:
    network = tiny(name, dims).eval()
    shape = network.input_shape((17,) * dims)
    logits = network(torch.zeros(1, 2, *shape))
    assert logits.shape == (1, 3, *(size - 2 * margin for size, margin in zip(shape, network.valid_margin, strict=True)))


@pytest.mark.parametrize(("name", "dims"), CHOICES)
def test_that_every_weight_gets_a_finite_gradient(name: str, dims: int) -> None:
    network = tiny(name, dims)
    answer = network(torch.randn(2, 2, *network.input_shape((16,) * dims)))
    sum(logits.square().mean() for logits in (answer if isinstance(answer, tuple) else (answer,))).backward()
    for weight, parameter in network.named_parameters():
        assert parameter.grad is not None, weight
        assert torch.isfinite(parameter.grad).all(), weight


@pytest.mark.parametrize(("name", "dims"), [(n, d) for n, d in CHOICES if tiny(n, d).exact])
def test_that_no_voxel_beyond_the_margin_reaches_an_output(name: str, dims: int) -> None:
    network = lively(tiny(name, dims))
    for axis in range(dims):
        margin, step, cropped = network.receptive_margin[axis], network.size_multiple[axis], network.valid_margin[axis]
        halo = round_up(margin, step)
        shape = network.input_shape(tuple(2 * halo + step if n == axis else 1 for n in range(dims)))
        x = torch.full((1, 2, *shape), torch.nan)  # not a number goes through every layer, where a gradient may happen to vanish
        x.movedim(2 + axis, 0)[halo - margin : halo + step + margin] = 1
        with torch.inference_mode():
            answer = network(x).movedim(2 + axis, 0)
        assert torch.isfinite(answer[halo - cropped : halo - cropped + step]).all()


@pytest.mark.parametrize(("name", "dims"), CHOICES)
def test_that_the_same_seed_gives_the_same_weights(name: str, dims: int) -> None:
    once, again = tiny(name, dims).state_dict(), tiny(name, dims).state_dict()
    assert all(torch.equal(once[key], again[key]) for key in once)


@pytest.mark.parametrize(("name", "dims"), CHOICES)
def test_that_a_saved_network_loads_and_gives_the_same_logits(name: str, dims: int, tmp_path: Path) -> None:
    network = lively(tiny(name, dims))
    classes = ClassTable.named(["a", "b", "c"], [(0, 0, 0), (1, 1, 1), (2, 2, 2)])
    _, path = save(tmp_path, Checkpoint(name_of(network), network.config.to_json(), classes), network.state_dict())
    loaded = load(path)[1]
    x = torch.randn(1, 2, *network.input_shape((16,) * dims))
    assert loaded.config == network.config
    with torch.inference_mode():
        assert torch.equal(loaded(x), network(x))


@pytest.mark.parametrize(("name", "dims", "preset"), PRESETS)
def test_that_every_preset_can_be_built(name: str, dims: int, preset: str) -> None:
    with torch.device("meta"):
        network = create(name, 1, 2, dims, preset)
        assert rebuild(name, network.config.to_json()).config == network.config


@pytest.mark.parametrize("name", list(NETWORKS))
def test_that_every_network_speaks_to_the_clinician(name: str) -> None:
    assert NETWORKS[name].title
    assert NETWORKS[name].description.endswith(".")
    assert NETWORKS[name].source


@pytest.mark.parametrize(("name", "dims"), CHOICES)
def test_that_every_network_has_a_preset_that_we_recommend(name: str, dims: int) -> None:
    assert "default" in NETWORKS[name].presets_for(dims)


def test_that_an_unknown_network_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"no network named 'wnet'.*unet"):
        create("wnet", 1, 2)


def test_that_an_unknown_option_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"no option 'breadth'.*depth"):
        create("unet", 1, 2, breadth=3)


def test_that_an_unknown_preset_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"no preset 'huge' in 2 dimensions. Known: default, published"):
        create("unet", 1, 2, preset="huge")


def test_that_an_option_takes_precedence_over_the_preset() -> None:
    with torch.device("meta"):
        assert create("unet", 1, 2, preset="published", base=8).config.to_json()["base"] == 8


def test_that_a_configuration_of_a_newer_version_is_refused() -> None:
    with pytest.raises(UserError, match="newer version"):
        rebuild("unet", {"in_channels": 1, "n_classes": 2, "wings": 3})


def test_that_no_input_channel_is_refused() -> None:
    with pytest.raises(UserError, match="input channels"):
        create("unet", 0, 2)


def test_that_a_network_beyond_the_memory_of_this_computer_is_refused_before_it_is_made() -> None:
    with pytest.raises(UserError, match="parameters, more than this computer has memory for; lower its depth"):
        create("unet", 1, 2, 3, depth=8, base=512)
