"""The voxels that an outline encloses: those whose centres lie inside it, by the non-zero winding rule."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.region import Region
from unetstudio.tools.tool import Point, ToolContext


def paint_inside(context: ToolContext, corners: Sequence[Point]) -> Region:
    """Paint the voxels that the closed outline encloses in the plane, and return the region to repaint."""
    return context.paint(*enclosed(corners, context.shape))


def enclosed(corners: Sequence[Point], within: tuple[int, int]) -> tuple[tuple[int, int], NDArray[np.bool_]]:
    """Return corner and mask of the voxel centres inside, clipped to a plane of `within` (rows, columns).

    Winding, not parity: a lasso that crosses its own beginning still holds what it went round. Each edge adds its direction at the voxel
    where it crosses a row; running sums along the rows are the winding numbers.
    """
    points = np.asarray(corners, np.float64).reshape(-1, 2)
    top, bottom = _span(points[:, 0], within[0])
    left, right = _span(points[:, 1], within[1])
    height, width = bottom - top, right - left
    if height == 0 or width == 0:
        return (top, left), np.zeros((height, width), np.bool_)
    (r0, c0), (r1, c1) = points.T, np.roll(points, -1, axis=0).T
    # An edge crosses the rows from its lower end (included) to its upper end (left out), so that no corner counts twice.
    first = np.clip(np.ceil(np.minimum(r0, r1)), top, bottom).astype(np.int64)
    past = np.clip(np.ceil(np.maximum(r0, r1)), top, bottom).astype(np.int64)
    count = past - first
    edge = np.repeat(np.arange(len(points)), count)
    row = np.arange(edge.size) - np.repeat(np.cumsum(count) - count, count) + first[edge]
    column = c0[edge] + (row - r0[edge]) / (r1 - r0)[edge] * (c1 - c0)[edge]
    place = np.clip(np.ceil(column), left, right).astype(np.int64) - left
    winding = np.zeros((height, width + 1), np.int8)
    np.add.at(winding, (row - top, place), np.where(r1 > r0, 1, -1).astype(np.int8)[edge])
    return (top, left), np.cumsum(winding, axis=1, dtype=np.int8)[:, :width] != 0


def _span(values: NDArray[np.float64], end: int) -> tuple[int, int]:
    """Return the first voxel and one past the last between the extremes, clipped to 0..end."""
    if values.size == 0:
        return 0, 0
    first = min(max(math.ceil(values.min()), 0), end)
    return first, max(first, min(math.floor(values.max()) + 1, end))
