"""Mirroring along the axes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from unetstudio.augment.augmentation import AUGMENTATIONS, how_often
from unetstudio.augment.sampling_grid import SamplingGrid

ALL, SIDES = "all", "sides"


@dataclass(frozen=True)
class Axes:
    """The mirrored axes, (y, x) or (z, y, x)."""

    mirrored: tuple[bool, ...]


@AUGMENTATIONS.register("flip")
@dataclass(frozen=True)
class Flip:
    """Mirror each axis with `probability`, or only the last one (from side to side)."""

    title: ClassVar[str] = "Mirror"
    probability: float = how_often(0.5)
    axes: str = field(default=ALL, metadata={"label": "Which way", "choices": {ALL: "All ways", SIDES: "Side to side"}})

    def draw(self, rng: np.random.Generator, dims: int) -> Axes:
        """Draw the axes to mirror."""
        hits = rng.random(dims) < self.probability
        if self.axes == SIDES:
            hits[:-1] = False
        return Axes(tuple(bool(hit) for hit in hits))

    def apply(self, parameters: Axes, grid: SamplingGrid) -> SamplingGrid:
        """Mirror the drawn axes."""
        return grid.followed_by(np.diag([-1.0 if hit else 1.0 for hit in parameters.mirrored]))
