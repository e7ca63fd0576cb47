"""The moving average of a network's weights: what predicts, scores and is saved. It makes training without a known end safe."""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from unetstudio.networks.network import Network

DECAY = 0.99
"""Of the average once training is under way; min(DECAY, (1 + n) / (10 + n)) after n steps."""


class MovingAverage:
    """`network` is the averaged copy, in evaluation mode; norm statistics are averaged like weights."""

    def __init__(self, network: Network) -> None:
        self.network = copy.deepcopy(network).eval()
        for parameter in self.network.parameters():
            parameter.requires_grad_(False)

    @torch.no_grad()
    def update(self, network: Network, steps: int) -> None:
        """Moves towards `network` after its step number `steps`."""
        decay = min(DECAY, (1 + steps) / (10 + steps))
        ours, theirs = _floats(self.network), _floats(network)
        torch._foreach_lerp_(ours, theirs, 1 - decay)


def _floats(network: Network) -> list[Tensor]:
    """Weights and norm statistics, not the norms' step counters."""
    return [tensor for tensor in network.state_dict().values() if tensor.is_floating_point()]
