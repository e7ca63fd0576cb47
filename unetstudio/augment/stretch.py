"""Anisotropic scaling: an independent factor for each axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unetstudio.augment.augmentation import AUGMENTATIONS, how_much, how_often
from unetstudio.augment.sampling_grid import SamplingGrid


@dataclass(frozen=True)
class Factors:
    """A factor per axis, (y, x) or (z, y, x); above 1 structures look larger."""

    factors: tuple[float, ...]


@AUGMENTATIONS.register("stretch")
@dataclass(frozen=True)
class Stretch:
    """Factors between 1 / `limit` and `limit`."""

    title: ClassVar[str] = "Stretch"
    probability: float = how_often(0.3)
    limit: float = how_much(1.15, "Factor up to", 1.0, 2.0, 0.05)

    def draw(self, rng: np.random.Generator, dims: int) -> Factors | None:
        """Draw a factor per axis."""
        if rng.random() >= self.probability:
            return None
        return Factors(tuple(float(self.limit**power) for power in rng.uniform(-1, 1, dims)))

    def apply(self, parameters: Factors, grid: SamplingGrid) -> SamplingGrid:
        """Scale each axis."""
        return grid.followed_by(np.diag([1 / factor for factor in parameters.factors]))
