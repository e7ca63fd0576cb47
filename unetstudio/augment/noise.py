"""Gaussian noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from unetstudio.augment.augmentation import AUGMENTATIONS, how_much, how_often

LOCAL = 2.0
"""Factor by which noise in a locally normalised channel exceeds that in a plain one, as its scale is finer."""


@dataclass(frozen=True)
class Grain:
    """Standard deviation on a scale on which the project's usual intensities span 2, and the seed of the noise."""

    sigma: float
    seed: int


@AUGMENTATIONS.register("noise")
@dataclass(frozen=True)
class Noise:
    """Gaussian noise with a standard deviation of up to `limit`."""

    title: ClassVar[str] = "Noise"
    probability: float = how_often(0.3)
    limit: float = how_much(0.12, "Up to", 0.0, 0.5, 0.01)

    def draw(self, rng: np.random.Generator) -> Grain | None:
        """Draw a standard deviation, and a seed with which the same noise can be generated again."""
        if rng.random() >= self.probability:
            return None
        return Grain(float(rng.uniform(0, self.limit)), int(rng.integers(2**31)))

    def apply(self, parameters: Grain, image: NDArray[np.float32], plain: int) -> NDArray[np.float32]:
        """Add the noise, independent for each voxel and channel."""
        grain = np.random.default_rng(parameters.seed).standard_normal(image.shape, np.float32)
        grain[:plain] *= np.float32(parameters.sigma)
        grain[plain:] *= np.float32(parameters.sigma * LOCAL)
        image += grain
        return image
