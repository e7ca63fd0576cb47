"""Which augmentations a training uses, in order; their draws for one patch, and what those draws do to it."""

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
from unetstudio.augment.grid import Grid
from unetstudio.augment.low_resolution import LowResolution
from unetstudio.augment.noise import Noise
from unetstudio.augment.rotation import Rotation
from unetstudio.augment.stretch import Stretch
from unetstudio.augment.tint import Tint
from unetstudio.augment.zoom import Zoom


@dataclass(frozen=True)
class Drawn:
    """Parameters of every augmentation for one patch, in the recipe's order; None where it does nothing."""

    geometric: tuple[Any, ...] = ()
    photometric: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """Geometry first, all in one map; then grey values."""

    geometric: tuple[Geometric, ...] = ()
    photometric: tuple[Photometric, ...] = ()

    @classmethod
    def standard(cls, *, oriented: bool = False) -> Recipe:
        """For microscopy, where up means nothing; `oriented` for patients: no mirroring, small turns."""
        turn = Rotation(probability=0.5, limit=20.0) if oriented else Rotation()
        flip = Flip(probability=0.0) if oriented else Flip()
        geometric: tuple[Geometric, ...] = (Elastic(), flip, Zoom(), Stretch(), turn)
        return cls(geometric, (Brightness(), Contrast(), Gamma(), Tint(probability=0.0), LowResolution(), Blur(), Noise()))

    @property
    def mirrors(self) -> bool:
        """Whether patches are mirrored along every axis."""
        return any(isinstance(a, Flip) and a.probability > 0 and a.axes == ALL for a in self.geometric)

    @property
    def turns(self) -> bool:
        """Whether patches are turned by any angle in the plane."""
        return any(isinstance(a, Rotation) and a.probability > 0 and a.limit >= 90 for a in self.geometric)

    def changed(self, *others: Geometric | Photometric) -> Recipe:
        """With these in the place of those of their kind, or behind all others."""
        groups: dict[bool, tuple[Any, ...]] = {True: self.geometric, False: self.photometric}
        for other in others:
            now = groups[is_geometric(other)]
            fresh = tuple(other if type(a) is type(other) else a for a in now)
            groups[is_geometric(other)] = fresh if any(a is other for a in fresh) else (*now, other)
        return Recipe(groups[True], groups[False])

    def draw(self, rng: np.random.Generator, dims: int) -> Drawn:
        """Fresh random values for one patch."""
        return Drawn(tuple(a.draw(rng, dims) for a in self.geometric), tuple(a.draw(rng) for a in self.photometric))

    def grid(self, drawn: Drawn, dims: int) -> Grid:
        """The one map that all drawn geometry amounts to."""
        grid = Grid.straight(dims)
        for augmentation, parameters in zip(self.geometric, drawn.geometric, strict=True):
            if parameters is not None:
                grid = augmentation.apply(parameters, grid)
        return grid

    def recolour(self, drawn: Drawn, image: NDArray[np.float32], plain: int) -> NDArray[np.float32]:
        """`image` (C', [Z,] Y, X) with the drawn changes of grey value; the first `plain` channels are plain intensities."""
        for augmentation, parameters in zip(self.photometric, drawn.photometric, strict=True):
            if parameters is not None:
                image = augmentation.apply(parameters, image, plain)
        return image


def is_geometric(augmentation: object) -> bool:
    """Whether it changes places; else it changes grey values. Their `apply` take a grid, or an image and what is plain of it."""
    return "grid" in inspect.signature(augmentation.apply).parameters  # type: ignore[attr-defined]
