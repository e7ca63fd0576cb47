"""Gamma correction: a power law that lightens or darkens the mid-tones and keeps black and white."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from unetstudio.augment.augmentation import AUGMENTATIONS, how_much, how_often


@dataclass(frozen=True)
class Exponent:
    """The exponent of the power law; below 1 is lighter."""

    exponent: float


@AUGMENTATIONS.register("gamma")
@dataclass(frozen=True)
class Gamma:
    """Exponents between 1 / `limit` and `limit` on plain channels."""

    title: ClassVar[str] = "Gamma"
    probability: float = how_often(0.3)
    limit: float = how_much(1.4, "Exponent up to", 1.0, 3.0, 0.05)

    def draw(self, rng: np.random.Generator) -> Exponent | None:
        """Draw an exponent."""
        return Exponent(float(self.limit ** rng.uniform(-1, 1))) if rng.random() < self.probability else None

    def apply(self, parameters: Exponent, image: NDArray[np.float32], plain: int) -> NDArray[np.float32]:
        """Apply x -> 2 ((x + 1) / 2)^e - 1; values below -1, darker than the scale's black, stay unchanged."""
        unit = (image[:plain] + 1) / 2
        image[:plain] = np.where(unit > 0, np.power(np.maximum(unit, 1e-6), np.float32(parameters.exponent)), unit) * 2 - 1
        return image
