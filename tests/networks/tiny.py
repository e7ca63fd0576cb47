"""Networks so small that tests of them are quick."""

from typing import Any

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from unetstudio.networks.network import NETWORKS, Network, create

SMALLER: dict[str, Any] = {"depth": 2, "base": 4}

OF_ITS_OWN: dict[str, dict[str, Any]] = {
    "fcn": {"widths": (2, 4, 4, 4, 4), "dropout": 0.0},
    "unetr": {"patch": 8, "hidden": 24, "layers": 4, "heads": 2, "mlp": 32, "feature": 2},
}
"""Options that make networks without depth and base small."""


def tiny(name: str, dims: int, *, inputs: int = 2, classes: int = 3, **options: Any) -> Network:
    """Make a network of two poolings and four channels, or one as small, always with the same weights."""
    torch.manual_seed(0)
    usual = {option: value for option, value in SMALLER.items() if option in NETWORKS[name].options()}
    return create(name, inputs, classes, dims, **{**usual, **OF_ITS_OWN.get(name, {}), **options})


@torch.no_grad()
def lively(network: Network) -> Network:
    """Set the norms' statistics on noise, as training would, and return the network in evaluation mode."""
    torch.manual_seed(1)
    shape = network.input_shape((32 if network.config.dims == 2 else 16,) * network.config.dims)
    norms = [layer for layer in network.modules() if isinstance(layer, _BatchNorm)]
    for layer in norms:
        layer.momentum = 1.0
    if norms:
        network.train()(torch.randn(2, network.config.in_channels, *shape))
    return network.eval()
