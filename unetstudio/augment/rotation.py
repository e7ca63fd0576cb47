"""Rotation in the plane of the slices."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unetstudio.augment.augmentation import AUGMENTATIONS
from unetstudio.augment.grid import Grid


@dataclass(frozen=True)
class Angle:
    """In degrees, from y towards x."""

    degrees: float


@AUGMENTATIONS.register("rotation")
@dataclass(frozen=True)
class Rotation:
    """By up to `limit` degrees either way."""

    title: ClassVar[str] = "Rotate"
    probability: float = 1.0
    limit: float = 180.0

    def draw(self, rng: np.random.Generator, dims: int) -> Angle | None:
        """An angle, the same for every slice."""
        del dims
        return Angle(float(rng.uniform(-self.limit, self.limit))) if rng.random() < self.probability else None

    def apply(self, parameters: Angle, grid: Grid) -> Grid:
        """Turns the last two axes."""
        cos, sin = math.cos(math.radians(parameters.degrees)), math.sin(math.radians(parameters.degrees))
        matrix = np.eye(len(grid.matrix))
        matrix[-2:, -2:] = [[cos, -sin], [sin, cos]]
        return grid.then(matrix)
