"""A network that computes only a window of its output gives the same logits there, with less work."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from networks.tiny import lively, tiny
from torch import Tensor, nn

from unetstudio.networks.network import NETWORKS, compute_window
from unetstudio.networks.output_window import crop_to

KINDS = [(name, dims, {}) for name, kind in NETWORKS.items() for dims in kind.dims]
OTHERS = [
    ("unet", 2, {"padding": "valid"}),
    ("unet", 2, {"depth": 0}),
    ("unet", 2, {"norm": "instance"}),
    ("unet", 3, {"pool": ((1, 2, 2), (2, 2, 2))}),
]


@torch.inference_mode()
def largest_difference(name: str, dims: int, options: dict[str, Any], window: list[tuple[int, int]], size: int) -> float:
    """The largest difference between a window and that part of the whole output."""
    network = lively(tiny(name, dims, **options))
    shape = network.input_shape((size,) * dims)
    x = torch.randn(1, 2, *shape, generator=torch.Generator().manual_seed(0))
    return float((compute_window(network, x, window[:dims]) - crop_to(network(x), window[:dims])).abs().max())


@pytest.mark.parametrize(("name", "dims", "options"), KINDS + OTHERS)
def test_that_a_window_equals_its_part_of_the_whole_output(name: str, dims: int, options: dict[str, Any]) -> None:
    for window in ([(12, 20)] * 3, [(0, 7), (5, 24), (3, 4)], [(0, 24)] * 3):
        assert largest_difference(name, dims, options, window, 24 if dims == 3 else 72) <= 1e-4


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 39), st.integers(1, 40)).map(lambda n: (min(n[0], 40 - n[1]), min(n[0], 40 - n[1]) + n[1])),
        min_size=2,
        max_size=2,
    )
)
def test_that_any_window_equals_its_part_of_the_whole_output(window: list[tuple[int, int]]) -> None:
    assert largest_difference("unet", 2, {}, window, 40) <= 1e-4


@torch.inference_mode()
def test_that_the_decoder_is_computed_for_the_window_alone() -> None:
    network = tiny("unet", 2).eval()
    seen = []
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(lambda _, given, answered: seen.append(answered.shape[2:].numel()))
    x: Tensor = torch.zeros(1, 2, 64, 64)
    network(x)
    whole = sum(seen)
    seen.clear()
    compute_window(network, x, [(28, 36)] * 2)
    assert sum(seen) < 0.6 * whole
