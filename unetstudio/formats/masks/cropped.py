"""Masks that were saved cropped to their structures, put back into the grid of their scan."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.geometry import SAME_PLACE, Geometry
from unetstudio.formats.masks.content import MaskGrid


def uncropped(values: NDArray[Any], geometry: Geometry, grid: MaskGrid | None) -> NDArray[Any] | None:
    """Return the values in the grid, zero elsewhere; None where they are no part of it, or all of it."""
    if grid is None or grid.geometry.affine is None or geometry.affine is None:
        return None
    mapping = np.linalg.inv(grid.geometry.matrix) @ geometry.matrix  # index in `values` -> index in the scan
    corners = np.array([(*corner, 1) for corner in product(*((0, size - 1) for size in values.shape))])
    inside = (corners @ mapping.T)[:, :3]
    low, high = np.rint(inside.min(axis=0)).astype(int), np.rint(inside.max(axis=0)).astype(int) + 1
    if (low < 0).any() or (high > grid.shape).any() or tuple(high - low) == grid.shape:
        return None
    if np.abs(inside - np.rint(inside)).max() > SAME_PLACE:
        return None
    part = grid.geometry.matrix
    part[:3, 3] += part[:3, :3] @ low
    z, y, x = (int(n) for n in high - low)
    turned = geometry.reoriented(values, Geometry.from_affine(part), (z, y, x))
    if turned is None:
        return None
    whole = np.zeros(grid.shape, values.dtype)
    whole[tuple(slice(start, stop) for start, stop in zip(low, high, strict=True))] = turned
    return whole
