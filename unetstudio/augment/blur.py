"""Gaussian blur, as in a slightly defocused image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from unetstudio.augment.augmentation import AUGMENTATIONS, how_much, how_often


@dataclass(frozen=True)
class Sigma:
    """Standard deviation in pixels."""

    sigma: float


@AUGMENTATIONS.register("blur")
@dataclass(frozen=True)
class Blur:
    """Blur within each slice with a standard deviation of up to `limit` pixels."""

    title: ClassVar[str] = "Blur"
    probability: float = how_often(0.15)
    limit: float = how_much(1.2, "Up to", 0.3, 5.0, 0.1, "px")

    def draw(self, rng: np.random.Generator) -> Sigma | None:
        """Draw a standard deviation."""
        return Sigma(float(rng.uniform(0.3, self.limit))) if rng.random() < self.probability else None

    def apply(self, parameters: Sigma, image: NDArray[np.float32], plain: int) -> NDArray[np.float32]:
        """Blur every channel slice by slice."""
        del plain
        for plane in image.reshape(-1, *image.shape[-2:]):
            cv2.GaussianBlur(plane, (0, 0), parameters.sigma, dst=plane, borderType=cv2.BORDER_REFLECT_101)
        return image
