"""Isotropic scaling: one factor for all axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unetstudio.augment.augmentation import AUGMENTATIONS, how_much, how_often
from unetstudio.augment.sampling_grid import SamplingGrid


@dataclass(frozen=True)
class Factor:
    """A scale factor; above 1 structures look larger."""

    factor: float


@AUGMENTATIONS.register("zoom")
@dataclass(frozen=True)
class Zoom:
    """A factor between 1 / `limit` and `limit`."""

    title: ClassVar[str] = "Zoom"
    probability: float = how_often(0.8)
    limit: float = how_much(1.3, "Factor up to", 1.0, 3.0, 0.05)

    def draw(self, rng: np.random.Generator, dims: int) -> Factor | None:
        """Draw a factor, which is as often below 1 as above."""
        del dims
        return Factor(float(self.limit ** rng.uniform(-1, 1))) if rng.random() < self.probability else None

    def apply(self, parameters: Factor, grid: SamplingGrid) -> SamplingGrid:
        """Scale all axes."""
        return grid.followed_by(np.eye(len(grid.matrix)) / parameters.factor)
