"""Anisotropic scaling: each axis by a factor of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unetstudio.augment.augmentation import AUGMENTATIONS, how_much, how_often
from unetstudio.augment.grid import Grid


@dataclass(frozen=True)
class Factors:
    """One per axis, (y, x) or (z, y, x); above 1 structures look larger."""

    factors: tuple[float, ...]


@AUGMENTATIONS.register("stretch")
@dataclass(frozen=True)
class Stretch:
    """By factors between 1 / `limit` and `limit`."""

    title: ClassVar[str] = "Stretch"
    probability: float = how_often(0.3)
    limit: float = how_much(1.15, "Factor up to", 1.0, 2.0, 0.05)

    def draw(self, rng: np.random.Generator, dims: int) -> Factors | None:
        """A factor per axis."""
        if rng.random() >= self.probability:
            return None
        return Factors(tuple(float(self.limit**power) for power in rng.uniform(-1, 1, dims)))

    def apply(self, parameters: Factors, grid: Grid) -> Grid:
        """Steps of another length along each axis of the scan."""
        return grid.then(np.diag([1 / factor for factor in parameters.factors]))
