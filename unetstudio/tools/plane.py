"""The slice a tool works in: between (row, column) in the plane looked at and (z, y, x) in the label map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.region import Index, Region
from unetstudio.data.stroke import Stroke
from unetstudio.tools.tool import Pointer


def extents(shape: Index, axis: int) -> tuple[int, int]:
    """Rows and columns of a plane across `axis` of an array of `shape` (Z, Y, X)."""
    rows, columns = (n for a, n in enumerate(shape) if a != axis)
    return rows, columns


def scales(spacing: tuple[float, float]) -> tuple[float, float]:
    """Row and column pitch in units of the finer of the two."""
    finest = min(spacing)
    return spacing[0] / finest, spacing[1] / finest


def values_under(values: NDArray[np.uint8], at: Pointer) -> NDArray[np.uint8]:
    """(rows, columns) view of the plane that the pointer is in; empty when its slice is not in the volume."""
    if not 0 <= at.index < values.shape[at.axis]:
        return np.empty((0, 0), np.uint8)
    plane: NDArray[np.uint8] = np.moveaxis(values, at.axis, 0)[at.index]
    return plane


def paint(stroke: Stroke, at: Pointer, corner: tuple[int, int], mask: NDArray[np.bool_]) -> Region:
    """Paints a (rows, columns) mask whose first voxel is at `corner` of the pointer's plane; returns the region to repaint."""
    start, stop = [corner[0], corner[1]], [corner[0] + mask.shape[0], corner[1] + mask.shape[1]]
    start.insert(at.axis, at.index)
    stop.insert(at.axis, at.index + 1)
    region = Region((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))
    return stroke.paint(region, np.expand_dims(mask, at.axis))
