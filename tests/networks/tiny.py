"""Networks so small that a trial of them takes a moment."""

from typing import Any

import torch

from unetstudio.networks.network import NETWORKS, Network, create

SMALLER: dict[str, Any] = {"depth": 2, "base": 4}

OF_ITS_OWN: dict[str, dict[str, Any]] = {
    "fcn": {"widths": (2, 4, 4, 4, 4), "dropout": 0.0},
    "unetr": {"patch": 8, "hidden": 24, "layers": 4, "heads": 2, "mlp": 32, "feature": 2},
}
"""What makes a network small that has neither depth nor base."""


def tiny(name: str, dims: int, *, inputs: int = 2, classes: int = 3, **options: Any) -> Network:
    """Two poolings and four channels, or what is as small; the same weights every time."""
    torch.manual_seed(0)
    usual = {option: value for option, value in SMALLER.items() if option in NETWORKS[name].options()}
    return create(name, inputs, classes, dims, **{**usual, **OF_ITS_OWN.get(name, {}), **options})


def lively(network: Network) -> Network:
    """Batch statistics as after training, and in evaluation mode."""
    torch.manual_seed(1)
    for name, value in network.named_buffers():
        if name.endswith("running_mean"):
            value.normal_(0, 0.2)
        if name.endswith("running_var"):
            value.uniform_(0.5, 2)
    return network.eval()
