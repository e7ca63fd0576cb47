"""A region: a half-open box of voxels in array order (z, y, x)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Index = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Region:
    """The voxels with start <= index < stop on each of the three axes."""

    start: Index
    stop: Index

    @classmethod
    def whole(cls, shape: Index) -> Region:
        """Return the region of a whole array of `shape` (Z, Y, X)."""
        return cls((0, 0, 0), shape)

    @property
    def shape(self) -> Index:
        """The extents (Z, Y, X), never negative."""
        z, y, x = (max(0, b - a) for a, b in zip(self.start, self.stop, strict=True))
        return (z, y, x)

    @property
    def size(self) -> int:
        """Number of voxels."""
        z, y, x = self.shape
        return z * y * x

    @property
    def empty(self) -> bool:
        """Whether the region has no voxel."""
        return self.size == 0

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """The index of the region in a (Z, Y, X) array."""
        (z0, y0, x0), (z1, y1, x1) = self.start, self.stop
        return (slice(z0, z1), slice(y0, y1), slice(x0, x1))

    def clipped(self, shape: Index) -> Region:
        """Return the part inside an array of `shape`."""
        return self & Region.whole(shape)

    def grown(self, margin: Index) -> Region:
        """Return the region enlarged by `margin` on both sides of each axis."""
        z0, y0, x0 = (a - m for a, m in zip(self.start, margin, strict=True))
        z1, y1, x1 = (b + m for b, m in zip(self.stop, margin, strict=True))
        return Region((z0, y0, x0), (z1, y1, x1))

    def within(self, outer: Region) -> tuple[slice, slice, slice]:
        """Return the slices of this region in an array that holds exactly `outer`."""
        z, y, x = (slice(a - o, b - o) for a, b, o in zip(self.start, self.stop, outer.start, strict=True))
        return (z, y, x)

    def __and__(self, other: Region) -> Region:
        z0, y0, x0 = (max(a, b) for a, b in zip(self.start, other.start, strict=True))
        z1, y1, x1 = (min(a, b) for a, b in zip(self.stop, other.stop, strict=True))
        return Region((z0, y0, x0), (max(z0, z1), max(y0, y1), max(x0, x1)))

    def __or__(self, other: Region) -> Region:
        """Return the smallest box that contains both; an empty one adds nothing."""
        if self.empty:
            return other
        if other.empty:
            return self
        z0, y0, x0 = (min(a, b) for a, b in zip(self.start, other.start, strict=True))
        z1, y1, x1 = (max(a, b) for a, b in zip(self.stop, other.stop, strict=True))
        return Region((z0, y0, x0), (z1, y1, x1))


def tight(mask: NDArray[np.bool_]) -> Region:
    """Return the smallest box around the True voxels of a (Z, Y, X) array; an empty one when there is none."""
    hits = [np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis))) for axis in range(3)]
    if not hits[0].size:
        return Region((0, 0, 0), (0, 0, 0))
    z, y, x = hits
    return Region((int(z[0]), int(y[0]), int(x[0])), (int(z[-1]) + 1, int(y[-1]) + 1, int(x[-1]) + 1))
