"""A constant added to the grey values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from unetstudio.augment.augmentation import AUGMENTATIONS, how_much, how_often


@dataclass(frozen=True)
class Offset:
    """On a scale on which the project's usual intensities are 2 wide."""

    offset: float


@AUGMENTATIONS.register("brightness")
@dataclass(frozen=True)
class Brightness:
    """Normal offsets of standard deviation `strength`, the same for all plain channels; local ones do not see brightness."""

    title: ClassVar[str] = "Brightness"
    probability: float = how_often(0.5)
    strength: float = how_much(0.15, "Strength", 0.0, 1.0, 0.01)

    def draw(self, rng: np.random.Generator) -> Offset | None:
        """An offset."""
        return Offset(float(rng.normal(0, self.strength))) if rng.random() < self.probability else None

    def apply(self, parameters: Offset, image: NDArray[np.float32], plain: int) -> NDArray[np.float32]:
        """Adds it."""
        image[:plain] += np.float32(parameters.offset)
        return image
