"""Lower resolution, as of a weaker lens or a faster scan (SimulateLowResolution of nnU-Net, Isensee et al. 2021)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from unetstudio.augment.augmentation import AUGMENTATIONS, how_much, how_often


@dataclass(frozen=True)
class Coarser:
    """The factor by which the resolution is reduced along each axis."""

    factor: float


@AUGMENTATIONS.register("low_resolution")
@dataclass(frozen=True)
class LowResolution:
    """Downsample each slice by a factor of up to `limit` and upsample it again."""

    title: ClassVar[str] = "Low resolution"
    probability: float = how_often(0.1)
    limit: float = how_much(2.0, "Factor up to", 1.0, 4.0, 0.1)

    def draw(self, rng: np.random.Generator) -> Coarser | None:
        """Draw a factor."""
        return Coarser(float(rng.uniform(1, self.limit))) if rng.random() < self.probability else None

    def apply(self, parameters: Coarser, image: NDArray[np.float32], plain: int) -> NDArray[np.float32]:
        """Resample every channel slice by slice: down by area averaging, up by cubic interpolation."""
        del plain
        height, width = image.shape[-2:]
        small = (max(1, round(width / parameters.factor)), max(1, round(height / parameters.factor)))
        for plane in image.reshape(-1, height, width):
            coarse = cv2.resize(plane, small, interpolation=cv2.INTER_AREA)
            cv2.resize(coarse, (width, height), dst=plane, interpolation=cv2.INTER_CUBIC)
        return image
