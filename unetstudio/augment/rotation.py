"""Rotation within the slices, and a small tilt of volumes out of their plane."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from unetstudio.augment.augmentation import AUGMENTATIONS, how_much, how_often
from unetstudio.augment.sampling_grid import SamplingGrid


@dataclass(frozen=True)
class Angle:
    """Angles in degrees; `degrees` is the rotation from y towards x."""

    degrees: float
    tilts: tuple[float, ...] = ()  # of a volume: from z towards y, and from z towards x


@AUGMENTATIONS.register("rotation")
@dataclass(frozen=True)
class Rotation:
    """Rotate by up to `limit` degrees in either direction; volumes are also tilted out of the plane by up to `tilt`."""

    title: ClassVar[str] = "Rotate"
    probability: float = how_often(1.0)
    limit: float = how_much(180.0, "Up to", 0.0, 180.0, 5.0, "°")
    tilt: float = how_much(0.0, "Tilt of volumes", 0.0, 45.0, 1.0, "°")

    def draw(self, rng: np.random.Generator, dims: int) -> Angle | None:
        """Draw the angle of the rotation within the slices, and in 3D two tilts."""
        if rng.random() >= self.probability:
            return None
        degrees = float(rng.uniform(-self.limit, self.limit))
        tilts = rng.uniform(-self.tilt, self.tilt, 2).tolist() if dims == 3 and self.tilt else ()
        return Angle(degrees, tuple(tilts))

    def apply(self, parameters: Angle, grid: SamplingGrid) -> SamplingGrid:
        """Rotate the last two axes, then z with each of them."""
        grid = grid.followed_by(_rotation_matrix(len(grid.matrix), -2, -1, parameters.degrees))
        for axis, degrees in zip((1, 2), parameters.tilts, strict=False):
            grid = grid.followed_by(_rotation_matrix(3, 0, axis, degrees))
        return grid


def _rotation_matrix(dims: int, first: int, second: int, degrees: float) -> NDArray[np.float64]:
    """Return the matrix of a rotation from one axis towards another."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    matrix = np.eye(dims)
    matrix[first, first] = matrix[second, second] = cos
    matrix[first, second], matrix[second, first] = -sin, sin
    return matrix
