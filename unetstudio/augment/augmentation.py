"""The interface of an augmentation: a random draw of parameters, and the deterministic operation that applies them.

Parameters are frozen dataclasses of plain numbers, so that a batch can be replayed exactly from them.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from unetstudio.augment.sampling_grid import SamplingGrid
from unetstudio.registry import Registry

Floats = NDArray[np.float32]


def how_often(probability: float) -> Any:
    """Make a dataclass field for the probability that a patch is changed."""
    return field(default=probability, metadata={"label": "How often", "minimum": 0.0, "maximum": 1.0, "step": 0.05})


def how_much(default: float, label: str, minimum: float, maximum: float, step: float, unit: str = "") -> Any:
    """Make a dataclass field for the strength of a change, with the label and limits of its slider."""
    return field(default=default, metadata={"label": label, "minimum": minimum, "maximum": maximum, "step": step, "unit": unit})


class Geometric(Protocol):
    """An augmentation that changes where a patch's voxels are sampled, in the image and in its labels alike."""

    title: ClassVar[str]

    def draw(self, rng: np.random.Generator, dims: int) -> Any:
        """Draw parameters for a patch of 2 or 3 dimensions; None leaves the patch unchanged."""
        ...

    def apply(self, parameters: Any, grid: SamplingGrid) -> SamplingGrid:
        """Return the grid with this transformation after those that it already holds."""
        ...


class Photometric(Protocol):
    """An augmentation that changes a patch's intensities but not its labels."""

    title: ClassVar[str]

    def draw(self, rng: np.random.Generator) -> Any:
        """Draw parameters; None leaves the patch unchanged."""
        ...

    def apply(self, parameters: Any, image: Floats, plain: int) -> Floats:
        """Return the changed `image` (C', [Z,] Y, X), float32 mostly in -1..1, which may be modified in place.

        The first `plain` channels are plain intensities, the others are locally normalised.
        """
        ...


Augmentation = Geometric | Photometric

AUGMENTATIONS: Registry[type[Augmentation]] = Registry("unetstudio.augment", "augmentation")
