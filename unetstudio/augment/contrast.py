"""Contrast: intensities scaled about their mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from unetstudio.augment.augmentation import AUGMENTATIONS, how_much, how_often


@dataclass(frozen=True)
class Gain:
    """Factors of the distance from the mean for plain channels and for locally normalised ones."""

    plain: float
    local: float


@AUGMENTATIONS.register("contrast")
@dataclass(frozen=True)
class Contrast:
    """Factors between 1 / `limit` and `limit`; smaller changes for local channels, whose contrast is already normalised."""

    title: ClassVar[str] = "Contrast"
    probability: float = how_often(0.5)
    limit: float = how_much(1.35, "Factor up to", 1.0, 3.0, 0.05)

    def draw(self, rng: np.random.Generator) -> Gain | None:
        """Draw both factors."""
        if rng.random() >= self.probability:
            return None
        return Gain(float(self.limit ** rng.uniform(-1, 1)), float(self.limit ** rng.uniform(-0.5, 0.5)))

    def apply(self, parameters: Gain, image: NDArray[np.float32], plain: int) -> NDArray[np.float32]:
        """Scale each channel about its own mean in the patch."""
        for channel in range(len(image)):
            gain = np.float32(parameters.plain if channel < plain else parameters.local)
            image[channel] += (gain - 1) * (image[channel] - image[channel].mean())
        return image
