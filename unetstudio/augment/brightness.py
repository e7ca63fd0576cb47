"""Brightness: a constant added to the intensities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from unetstudio.augment.augmentation import AUGMENTATIONS, how_much, how_often


@dataclass(frozen=True)
class Offset:
    """A constant on a scale on which the project's usual intensities span 2."""

    offset: float


@AUGMENTATIONS.register("brightness")
@dataclass(frozen=True)
class Brightness:
    """Normal offsets of standard deviation `strength`, the same for all plain channels; local ones do not depend on brightness."""

    title: ClassVar[str] = "Brightness"
    probability: float = how_often(0.5)
    strength: float = how_much(0.15, "Strength", 0.0, 1.0, 0.01)

    def draw(self, rng: np.random.Generator) -> Offset | None:
        """Draw an offset."""
        return Offset(float(rng.normal(0, self.strength))) if rng.random() < self.probability else None

    def apply(self, parameters: Offset, image: NDArray[np.float32], plain: int) -> NDArray[np.float32]:
        """Add the offset to the plain channels."""
        image[:plain] += np.float32(parameters.offset)
        return image
