"""Every registered network goes through the same trials."""

import pytest
import torch

from unetstudio.errors import UserError
from unetstudio.networks.network import NETWORKS, Network, create

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
    margin, lost = network.receptive_margin, network.lost
    shape = network.input_shape(tuple(2 * m + 2 * step for m, step in zip(margin, network.size_multiple, strict=True)))
    inner = tuple(slice(m - out, size - m - out) for m, size, out in zip(margin, shape, lost, strict=True))
    inside = tuple(slice(s.start + out, s.stop + out) for s, out in zip(inner, lost, strict=True))
    x = torch.randn(1, 2, *shape, requires_grad=True)
    first = tuple(s.start for s in inner)
    network(x)[(0, 0, *first)].backward()
    assert x.grad is not None
    touched = torch.nonzero(x.grad.abs().sum((0, 1)))
    for axis in range(dims):
        assert touched[:, axis].min() >= inside[axis].start - margin[axis]
        assert touched[:, axis].max() < inside[axis].start + network.size_multiple[axis] + margin[axis]


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
