"""A plane of a (Z, Y, X) array, and the conversion between its (row, column) and the array's (z, y, x)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.geometry import Spacing
from unetstudio.data.region import Index, Region

Scalar = TypeVar("Scalar", bound=np.generic)

Rectangle = tuple[int, int, int, int]
"""Top, left, bottom and right of voxels in a plane, half open."""


@dataclass(frozen=True, slots=True)
class Plane:
    """Slice `index` across array axis `axis`: 0 has rows y and columns x, 1 rows z and columns x, 2 rows z and columns y.

    The default is the only slice of a picture.
    """

    axis: int = 0
    index: int = 0

    @property
    def axes(self) -> tuple[int, int]:
        """The array axes of rows and of columns."""
        return ((1, 2), (0, 2), (0, 1))[self.axis]

    @property
    def slices(self) -> tuple[int | slice, int | slice, int | slice]:
        """The index of the plane in a (Z, Y, X) array."""
        whole = slice(None)
        return ((self.index, whole, whole), (whole, self.index, whole), (whole, whole, self.index))[self.axis]

    def of(self, array: NDArray[Scalar]) -> NDArray[Scalar]:
        """Return the (rows, columns) view of a (Z, Y, X) array."""
        plane: NDArray[Scalar] = array[self.slices]
        return plane

    def shape(self, shape: Index) -> tuple[int, int]:
        """Return the plane's numbers of rows and columns in an array of `shape` (Z, Y, X)."""
        rows, columns = self.axes
        return shape[rows], shape[columns]

    def spacing(self, spacing: Spacing) -> tuple[float, float]:
        """Return the distances between rows and between columns, for a voxel `spacing` along (z, y, x)."""
        rows, columns = self.axes
        return spacing[rows], spacing[columns]

    def lies_in(self, shape: Index) -> bool:
        """Whether an array of `shape` has this plane."""
        return 0 <= self.index < shape[self.axis]

    def voxel(self, row: int, column: int) -> Index:
        """Return the (z, y, x) of a position in the plane."""
        if self.axis == 0:
            return (self.index, row, column)
        return (row, self.index, column) if self.axis == 1 else (row, column, self.index)

    def region(self, rectangle: Rectangle) -> Region:
        """Return the region of a rectangle, one slice thick."""
        top, left, bottom, right = rectangle
        return Region(self.voxel(top, left), Plane(self.axis, self.index + 1).voxel(bottom, right))

    def rectangle(self, region: Region) -> Rectangle | None:
        """Return the part of the plane that lies in a region; None if they do not intersect."""
        if region.empty or not region.start[self.axis] <= self.index < region.stop[self.axis]:
            return None
        rows, columns = self.axes
        return region.start[rows], region.start[columns], region.stop[rows], region.stop[columns]


def relative_pitch(spacing: tuple[float, float]) -> tuple[float, float]:
    """Return the spacing of rows and columns relative to the finer of the two."""
    finest = min(spacing)
    return spacing[0] / finest, spacing[1] / finest
