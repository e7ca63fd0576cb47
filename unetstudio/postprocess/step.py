"""The contract of a post-processing step: a frozen dataclass of options that takes a label map and gives another.

A step is pure: it never writes into the array it is given. Voxels that are UNLABELLED (not predicted yet) stay so, and whatever the user
painted is put back after each step by `segment`.
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
"""Units of sizes and radii: voxels, or mm (radius), mm² (island in a picture), mm³ (island in a volume)."""


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
        """From all `probabilities` (K, Z, Y, X) in the order of the class `values`, the background first."""
        best, winner = strongest(probabilities[1:], values[1:])
        other = np.ascontiguousarray(probabilities[0])
        return cls(values[0], values, best, winner, other, painted, spacing, volume, probabilities, read_image)

    @cached_property
    def image(self) -> NDArray[Any] | None:
        """(C, Z, Y, X) voxels, read when first asked for; None where the image is not at hand."""
        return None if self.read_image is None else self.read_image()

    @property
    def foreground(self) -> tuple[int, ...]:
        """Values of all classes but the background."""
        return tuple(value for value in self.values if value != self.background)

    @property
    def voxel(self) -> float | None:
        """mm² a pixel or mm³ a voxel; None when the spacing is unknown."""
        if self.spacing is None:
            return None
        z, y, x = self.spacing
        return z * y * x if self.volume else y * x

    def voxels(self, size: float, unit: str) -> float:
        """A size in px, mm² or mm³ as a number of voxels; millimetres count as pixels when the spacing is unknown."""
        return size / self.voxel if unit == MILLIMETRES and self.voxel else size

    def radii(self, radius: float, unit: str) -> tuple[float, float, float]:
        """A radius in px (along x) or mm as voxels along (z, y, x), equal in millimetres where the spacing is known."""
        if self.spacing is None:
            return (radius, radius, radius)
        z, y, x = self.spacing
        length = radius if unit == MILLIMETRES else radius * x
        return (length / z, length / y, length / x)


class Step(Protocol):
    """One way to clean a segmentation; each is a frozen dataclass whose fields are its options."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    title: ClassVar[str]
    help: ClassVar[str]  # one sentence
    main: ClassVar[str]  # the field that `--post NAME=VALUE` sets
    objects: ClassVar[str]  # what it counts ("islands"); "" when it counts none
    verb: ClassVar[str]  # what it does to voxels ("removed")

    @property
    def enabled(self) -> bool: ...

    def __call__(self, labels: NDArray[np.uint8], input: StepInput) -> tuple[NDArray[np.uint8], int]:
        """New labels (Z, Y, X) uint8, and how many objects were changed."""
        ...


@runtime_checkable
class Reaching(Protocol):
    """A step that knows how far it looks, and so can be run piece by piece."""

    def reach(self, input: StepInput) -> float:
        """Voxels beyond a region that decide what the step makes of it; infinite where an object of any size may."""
        ...


STEPS: Registry[type[Step]] = Registry("unetstudio.postprocess", "post-processing step")
