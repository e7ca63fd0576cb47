"""The recipe of a training: its augmentations in order, the drawing of parameters for a patch, and their application."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.augment.augmentation import Geometric, Photometric
from unetstudio.augment.blur import Blur
from unetstudio.augment.brightness import Brightness
from unetstudio.augment.contrast import Contrast
from unetstudio.augment.elastic import Elastic
from unetstudio.augment.flip import ALL, Flip
from unetstudio.augment.gamma import Gamma
from unetstudio.augment.low_resolution import LowResolution
from unetstudio.augment.noise import Noise
from unetstudio.augment.rotation import Rotation
from unetstudio.augment.sampling_grid import SamplingGrid
from unetstudio.augment.stretch import Stretch
from unetstudio.augment.tint import Tint
from unetstudio.augment.zoom import Zoom


@dataclass(frozen=True)
class Drawn:
    """Parameters of every augmentation for one patch, in the recipe's order; None where an augmentation does nothing."""

    geometric: tuple[Any, ...] = ()
    photometric: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """Geometric augmentations, which are applied first and in a single interpolation, and photometric ones."""

    geometric: tuple[Geometric, ...] = ()
    photometric: tuple[Photometric, ...] = ()

    @classmethod
    def standard(cls, *, oriented: bool = False) -> Recipe:
        """Make the recipe for images without a fixed orientation, such as microscopy; `oriented`, for patients, means no mirroring and
        small rotations."""
        rotation = Rotation(probability=0.5, limit=20.0) if oriented else Rotation()
        flip = Flip(probability=0.0) if oriented else Flip()
        geometric: tuple[Geometric, ...] = (Elastic(), flip, Zoom(), Stretch(), rotation)
        return cls(geometric, (Brightness(), Contrast(), Gamma(), Tint(probability=0.0), LowResolution(), Blur(), Noise()))

    @property
    def mirrors(self) -> bool:
        """Whether patches are mirrored along every axis."""
        return any(isinstance(a, Flip) and a.probability > 0 and a.axes == ALL for a in self.geometric)

    @property
    def turns(self) -> bool:
        """Whether patches are rotated by arbitrary angles within the slices."""
        return any(isinstance(a, Rotation) and a.probability > 0 and a.limit >= 90 for a in self.geometric)

    def changed(self, *others: Geometric | Photometric) -> Recipe:
        """Return the recipe with these augmentations, each in place of the one of its type, or at the end."""
        groups: dict[bool, tuple[Any, ...]] = {True: self.geometric, False: self.photometric}
        for other in others:
            current = groups[is_geometric(other)]
            replaced = tuple(other if type(a) is type(other) else a for a in current)
            groups[is_geometric(other)] = replaced if any(a is other for a in replaced) else (*current, other)
        return Recipe(groups[True], groups[False])

    def draw(self, rng: np.random.Generator, dims: int) -> Drawn:
        """Draw parameters for one patch."""
        return Drawn(tuple(a.draw(rng, dims) for a in self.geometric), tuple(a.draw(rng) for a in self.photometric))

    def grid(self, drawn: Drawn, dims: int) -> SamplingGrid:
        """Compose all drawn geometric augmentations."""
        grid = SamplingGrid.identity(dims)
        for augmentation, parameters in zip(self.geometric, drawn.geometric, strict=True):
            if parameters is not None:
                grid = augmentation.apply(parameters, grid)
        return grid

    def apply_photometric(self, drawn: Drawn, image: NDArray[np.float32], plain: int) -> NDArray[np.float32]:
        """Apply the drawn photometric augmentations to `image` (C', [Z,] Y, X), whose first `plain` channels are plain intensities."""
        for augmentation, parameters in zip(self.photometric, drawn.photometric, strict=True):
            if parameters is not None:
                image = augmentation.apply(parameters, image, plain)
        return image


def is_geometric(augmentation: object) -> bool:
    """Whether an augmentation is geometric: then its `apply` takes a `grid`, otherwise it takes an image."""
    return "grid" in inspect.signature(augmentation.apply).parameters  # type: ignore[attr-defined]  # every augmentation has it
