"""What an augmentation is: a random draw, and apart from it the fixed operation that the drawn values stand for.

Drawn values are frozen dataclasses of plain numbers: kept, they replay a batch exactly.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from unetstudio.augment.grid import Grid
from unetstudio.registry import Registry

Floats = NDArray[np.float32]


def how_often(probability: float) -> Any:
    """A field: the share of patches that are changed."""
    return field(default=probability, metadata={"label": "How often", "minimum": 0.0, "maximum": 1.0, "step": 0.05})


def how_much(default: float, label: str, minimum: float, maximum: float, step: float, unit: str = "") -> Any:
    """A field: the strength of a change, with its limits on a slider."""
    return field(default=default, metadata={"label": label, "minimum": minimum, "maximum": maximum, "step": step, "unit": unit})


class Geometric(Protocol):
    """Changes where a patch's voxels are taken from, in the image and its labels alike."""

    title: ClassVar[str]

    def draw(self, rng: np.random.Generator, dims: int) -> Any:
        """Random parameters for a patch of 2 or 3 dimensions; None leaves it as it is."""
        ...

    def apply(self, parameters: Any, grid: Grid) -> Grid:
        """The grid with this change after those it already holds."""
        ...


class Photometric(Protocol):
    """Changes a patch's grey values and not its labels."""

    title: ClassVar[str]

    def draw(self, rng: np.random.Generator) -> Any:
        """Random parameters; None leaves the patch as it is."""
        ...

    def apply(self, parameters: Any, image: Floats, plain: int) -> Floats:
        """`image` (C', [Z,] Y, X) float32 about -1..1, possibly changed in place; the first `plain` channels are plain intensities, the
        rest locally normalised."""
        ...


Augmentation = Geometric | Photometric

AUGMENTATIONS: Registry[type[Augmentation]] = Registry("unetstudio.augment", "augmentation")
