"""A small U-Net whose output is features: it was trained once so that a linear readout of them separates what strokes mark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STEP = 8
"""Edge of the grid that inputs must lie on: the factor of the coarsest level."""


class FeatureNetwork(nn.Module):
    """Map image channels (N, channels, Y, X) to features (N, features, Y, X) of about unit variance; Y and X are multiples of STEP.

    The full resolution has half of the convolutions of other levels, where most of the time would go.
    """

    def __init__(self, channels: int = 3, features: int = 24, widths: tuple[int, ...] = (16, 32, 64, 96)) -> None:
        super().__init__()
        fine, *coarse = widths
        self.features = features
        self.stem = _convolutions(channels, fine, 1)
        self.down = nn.ModuleList(_convolutions(a, b, 2) for a, b in zip(widths, coarse, strict=False))
        self.up = nn.ModuleList(_convolutions(a + b, a, 1 if a == fine else 2) for a, b in zip(widths, coarse, strict=False))
        self.head = nn.Conv2d(fine, features, 1, bias=False)
        self.scale = nn.BatchNorm2d(features, affine=False)

    @classmethod
    def of(cls, weights: Mapping[str, Tensor]) -> Self:
        """Rebuild a network of the default widths from its weights; raise RuntimeError or KeyError for those of another."""
        network = cls(features=weights["head.weight"].shape[0])
        counters = {name: value for name, value in network.state_dict().items() if name.endswith("num_batches_tracked")}
        network.load_state_dict({**counters, **weights})
        return network

    @property
    def margin(self) -> int:
        """Pixels on either side on which a feature depends: of all convolutions, poolings and enlargements between them."""
        levels = range(1, len(self.down) + 1)
        deepest = len(self.down)
        return 2 + sum((3 if n == deepest else 5) << n for n in levels)

    def forward(self, image: Tensor) -> Tensor:
        x = self.stem(image)
        skips = [x]
        for level in self.down:
            x = level(F.avg_pool2d(x, 2))
            skips.append(x)
        for level, skip in zip(reversed(self.up), reversed(skips[:-1]), strict=True):
            x = level(torch.cat([skip, F.interpolate(x, scale_factor=2.0, mode="nearest")], 1))
        features: Tensor = self.scale(self.head(x))
        return features


def _convolutions(channels_in: int, channels: int, number: int) -> nn.Sequential:
    """Make convolutions of 3 x 3 with batch norm and ReLU."""
    layers: list[nn.Module] = []
    for place in range(number):
        layers += [nn.Conv2d(channels_in if place == 0 else channels, channels, 3, padding=1, bias=False)]
        layers += [nn.BatchNorm2d(channels), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)
