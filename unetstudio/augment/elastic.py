"""Elastic deformation: random displacements on a coarse grid, smoothly interpolated (Ronneberger et al. 2015, section 3.1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from unetstudio.augment.augmentation import AUGMENTATIONS, how_much, how_often
from unetstudio.augment.sampling_grid import SamplingGrid


@dataclass(frozen=True)
class Displacements:
    """Row-major values of a (D, n, ..., n) grid with n = `points`, as fractions of the patch's edge."""

    points: int
    values: tuple[float, ...]


@AUGMENTATIONS.register("elastic")
@dataclass(frozen=True)
class Elastic:
    """Normal displacements of standard deviation `strength` (as a fraction of the edge) on `points` grid points per axis.

    The paper's 10 px on 3 x 3 points for tiles of 572 px correspond to 0.0175.
    """

    title: ClassVar[str] = "Elastic"
    probability: float = how_often(0.4)
    strength: float = how_much(0.025, "Strength", 0.0, 0.1, 0.005)
    points: int = field(default=4, metadata={"label": "Grid points", "minimum": 2, "maximum": 8, "step": 1})

    def draw(self, rng: np.random.Generator, dims: int) -> Displacements | None:
        """Draw a displacement for each grid point and axis."""
        if rng.random() >= self.probability:
            return None
        values = rng.normal(0, self.strength, dims * self.points**dims)
        return Displacements(self.points, tuple(float(value) for value in values))

    def apply(self, parameters: Displacements, grid: SamplingGrid) -> SamplingGrid:
        """Add the displacements, which act before the grid's linear map."""
        dims = len(grid.matrix)
        bend = np.array(parameters.values, np.float32).reshape(dims, *(parameters.points,) * dims)
        return SamplingGrid(grid.matrix, bend if grid.bend is None else grid.bend + bend)
