"""Tint: independent offsets of the colours of a picture, as with another stain or light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from unetstudio.augment.augmentation import AUGMENTATIONS, how_much, how_often

COLOURS = 3


@dataclass(frozen=True)
class Offsets:
    """Offsets of red, green and blue; the usual intensities of the project span 2."""

    offsets: tuple[float, ...]


@AUGMENTATIONS.register("tint")
@dataclass(frozen=True)
class Tint:
    """Normal offsets of standard deviation `strength` for each colour; grey pictures stay unchanged."""

    title: ClassVar[str] = "Tint"
    probability: float = how_often(0.5)
    strength: float = how_much(0.1, "Strength", 0.0, 0.5, 0.01)

    def draw(self, rng: np.random.Generator) -> Offsets | None:
        """Draw three offsets."""
        if rng.random() >= self.probability:
            return None
        return Offsets(tuple(float(value) for value in rng.normal(0, self.strength, COLOURS)))

    def apply(self, parameters: Offsets, image: NDArray[np.float32], plain: int) -> NDArray[np.float32]:
        """Add the offsets to the first three plain channels, if there are at least three."""
        if plain >= COLOURS:
            for channel, offset in enumerate(parameters.offsets):
                image[channel] += np.float32(offset)
        return image
