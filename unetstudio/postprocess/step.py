"""The interface of a post-processing step: a frozen dataclass of options that maps a label map to another.

A step is pure: it never writes into the array it is given. `segment` restores the voxels that are UNLABELLED (not predicted yet) and the
user's strokes after each step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, dataclass
from functools import cached_property
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.geometry import Spacing
from unetstudio.postprocess.strongest import strongest
from unetstudio.registry import Registry

PIXELS, MILLIMETRES = "px", "mm"
"""Units of sizes and radii: voxels, or mm (radius), mm² (size in a picture), mm³ (size in a volume)."""


@dataclass(frozen=True, eq=False)
class StepInput:
    """The data that a step may read besides the labels, of the same region; arrays (Z, Y, X).

    `best` is the probability (0..255) of the likeliest foreground class, `winner` that class's value, `other` the background's probability.
    """

    background: int
    values: tuple[int, ...]
    best: NDArray[np.uint8]
    winner: NDArray[np.uint8]
    other: NDArray[np.uint8]
    painted: NDArray[np.bool_] | None
    spacing: Spacing | None  # mm along (z, y, x)
    volume: bool  # whether a size in mm means mm³ rather than mm²
    probabilities: NDArray[np.uint8] | None = None  # (K, Z, Y, X) in the order of `values`; None for an image too large to keep them
    read_image: Callable[[], NDArray[Any]] | None = None

    @classmethod
    def of(
        cls,
        values: tuple[int, ...],
        probabilities: NDArray[np.uint8],
        *,
        painted: NDArray[np.bool_] | None = None,
        spacing: Spacing | None = None,
        volume: bool = False,
        read_image: Callable[[], NDArray[Any]] | None = None,
    ) -> StepInput:
        """Make the input from all `probabilities` (K, Z, Y, X) in the order of the class `values`, the background first."""
        best, winner = strongest(probabilities[1:], values[1:])
        other = np.ascontiguousarray(probabilities[0])
        return cls(values[0], values, best, winner, other, painted, spacing, volume, probabilities, read_image)

    @cached_property
    def image(self) -> NDArray[Any] | None:
        """The voxels (C, Z, Y, X), read on first use; None where the image is not available."""
        return None if self.read_image is None else self.read_image()

    @property
    def foreground(self) -> tuple[int, ...]:
        """The values of all classes except the background."""
        return tuple(value for value in self.values if value != self.background)

    @property
    def voxel(self) -> float | None:
        """The mm² of a pixel or mm³ of a voxel; None when the spacing is unknown."""
        if self.spacing is None:
            return None
        z, y, x = self.spacing
        return z * y * x if self.volume else y * x

    def voxels(self, size: float, unit: str) -> float:
        """Convert a size in px, mm² or mm³ to a number of voxels; millimetres count as pixels when the spacing is unknown."""
        return size / self.voxel if unit == MILLIMETRES and self.voxel else size

    def radii(self, radius: float, unit: str) -> tuple[float, float, float]:
        """Convert a radius in px (along x) or mm to voxels along (z, y, x), equal in millimetres where the spacing is known."""
        if self.spacing is None:
            return (radius, radius, radius)
        z, y, x = self.spacing
        length = radius if unit == MILLIMETRES else radius * x
        return (length / z, length / y, length / x)


class Step(Protocol):
    """A post-processing step, a frozen dataclass whose fields are its options."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    title: ClassVar[str]
    help: ClassVar[str]  # one sentence
    main: ClassVar[str]  # the field that `--post NAME=VALUE` sets
    objects: ClassVar[str]  # what it counts ("islands"); "" when it counts none
    verb: ClassVar[str]  # what it does to voxels ("removed")

    @property
    def enabled(self) -> bool: ...

    def __call__(self, labels: NDArray[np.uint8], input: StepInput) -> tuple[NDArray[np.uint8], int]:
        """Return new labels (Z, Y, X) uint8, and the number of objects changed."""
        ...


@runtime_checkable
class Reaching(Protocol):
    """A step that declares how far it depends on its surroundings, and so can run block by block."""

    def reach(self, input: StepInput) -> float:
        """Return the voxels beyond a region on which its result depends; infinite where objects of any size matter."""
        ...


STEPS: Registry[type[Step]] = Registry("unetstudio.postprocess", "post-processing step")
