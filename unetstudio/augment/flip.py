"""Mirroring along any axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unetstudio.augment.augmentation import AUGMENTATIONS
from unetstudio.augment.grid import Grid


@dataclass(frozen=True)
class Axes:
    """Which axes are mirrored, (y, x) or (z, y, x)."""

    mirrored: tuple[bool, ...]


@AUGMENTATIONS.register("flip")
@dataclass(frozen=True)
class Flip:
    """Each axis is mirrored with `probability`."""

    title: ClassVar[str] = "Mirror"
    probability: float = 0.5

    def draw(self, rng: np.random.Generator, dims: int) -> Axes:
        """Which axes to mirror."""
        return Axes(tuple(bool(hit) for hit in rng.random(dims) < self.probability))

    def apply(self, parameters: Axes, grid: Grid) -> Grid:
        """Turns the drawn axes round."""
        return grid.then(np.diag([-1.0 if hit else 1.0 for hit in parameters.mirrored]))
