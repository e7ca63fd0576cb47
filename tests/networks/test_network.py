"""Every registered network goes through the same trials."""

import pytest
import torch

from unetstudio.errors import UserError
from unetstudio.networks.network import NETWORKS, Network, create, round_up

CHOICES = [(name, dims) for name, kind in NETWORKS.items() for dims in kind.dims]


def small(name: str, dims: int) -> Network:
    torch.manual_seed(0)
    return create(name, 2, 3, dims, depth=2, base=4) if name == "unet" else create(name, 2, 3, dims)


@pytest.mark.parametrize(("name", "dims"), CHOICES)
def test_that_logits_have_a_channel_per_class_and_the_input_less_what_is_lost(name: str, dims: int) -> None:
    network = small(name, dims)
    shape = network.input_shape((17,) * dims)
    logits = network(torch.zeros(1, 2, *shape))
    assert logits.shape == (1, 3, *(size - 2 * lost for size, lost in zip(shape, network.lost, strict=True)))


@pytest.mark.parametrize(("name", "dims"), CHOICES)
def test_that_every_weight_gets_a_finite_gradient(name: str, dims: int) -> None:
    network = small(name, dims)
    network(torch.randn(2, 2, *network.input_shape((16,) * dims))).square().mean().backward()
    for parameter in network.parameters():
        assert parameter.grad is not None
        assert torch.isfinite(parameter.grad).all()


@pytest.mark.parametrize(("name", "dims"), CHOICES)
def test_that_no_voxel_beyond_the_margin_reaches_an_output(name: str, dims: int) -> None:
    network = small(name, dims).eval()
    halo = tuple(round_up(m, step) for m, step in zip(network.receptive_margin, network.size_multiple, strict=True))
    shape = network.input_shape(tuple(2 * h + step for h, step in zip(halo, network.size_multiple, strict=True)))
    x = torch.full((1, 2, *shape), torch.nan)  # not a number goes through every layer, where a gradient may happen to vanish
    ends = tuple(h + step + m for h, step, m in zip(halo, network.size_multiple, network.receptive_margin, strict=True))
    x[(..., *(slice(h - m, end) for h, m, end in zip(halo, network.receptive_margin, ends, strict=True)))] = 1
    cores = zip(halo, network.lost, network.size_multiple, strict=True)
    assert torch.isfinite(network(x)[(..., *(slice(h - lost, h - lost + step) for h, lost, step in cores))]).all()


@pytest.mark.parametrize(("name", "dims"), CHOICES)
def test_that_the_same_seed_gives_the_same_weights(name: str, dims: int) -> None:
    once, again = small(name, dims).state_dict(), small(name, dims).state_dict()
    assert all(torch.equal(once[key], again[key]) for key in once)


@pytest.mark.parametrize("name", list(NETWORKS))
def test_that_every_network_speaks_to_the_clinician(name: str) -> None:
    assert NETWORKS[name].title
    assert NETWORKS[name].description.endswith(".")


def test_that_an_unknown_network_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"no network named 'wnet'.*unet"):
        create("wnet", 1, 2)


def test_that_an_unknown_option_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"no option 'breadth'.*depth"):
        create("unet", 1, 2, breadth=3)


def test_that_no_input_channel_is_refused() -> None:
    with pytest.raises(UserError, match="input channels"):
        create("unet", 0, 2)


def test_that_a_network_beyond_the_memory_of_this_computer_is_refused_before_it_is_made() -> None:
    with pytest.raises(UserError, match="parameters, more than this computer has memory for; lower its depth"):
        create("unet", 1, 2, 3, depth=8, base=512)
