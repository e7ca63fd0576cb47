"""Samples of a scan's voxels: a regular grid, percentiles, and a crop of the middle slice."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.normalisation import Floats, spread
from unetstudio.data.scan import Voxels

SAMPLES = 200_000
"""Largest number of voxels from which percentiles are computed."""

VALUES = 50_000
"""Largest number of voxels by which the values of scans are compared."""

PATCH = 64
"""Edge, in pixels, of the patches in which a scan that stays in its file is sampled."""

CROP = 1024
"""Largest edge, in pixels, of the crop in which filter responses are measured."""


def percentiles(voxels: Voxels, low: float = 0.5, high: float = 99.5) -> tuple[float, float]:
    """Return two percentiles over all channels, from about SAMPLES voxels; always low < high, also for constant or NaN images."""
    return spread(grid_sample(voxels, SAMPLES).reshape(-1), low, high)


def grid_sample(voxels: Voxels, most: int) -> Floats:
    """Return (C, N) float32, voxels on a regular grid over the scan, N at most about `most`."""
    _, z, y, x = voxels.shape
    every = max(1.0, z * y * x / most)
    dz = max(1, min(z // 8, round(every ** (1 / 3)))) if z > 1 else 1
    dyx = max(1, math.ceil(math.sqrt(every / dz)))
    grid = voxels[:, dz // 2 :: dz, min(y - 1, dyx // 2) :: dyx, min(x - 1, dyx // 2) :: dyx]
    return np.ascontiguousarray(grid, dtype=np.float32).reshape(voxels.shape[0], -1)


def value_sample(voxels: Voxels) -> Floats:
    """Return (C, N) float32, some voxels that stand for a scan's values: on a grid, or in patches where the voxels stay in a file."""
    if isinstance(voxels, np.ndarray):
        return grid_sample(voxels, VALUES)
    _, slices, height, width = voxels.shape
    edges = min(PATCH, height), min(PATCH, width)
    corners = product(_starts(slices, 1, 3), _starts(height, edges[0], 4), _starts(width, edges[1], 4))
    patches = [voxels[:, z : z + 1, y : y + edges[0], x : x + edges[1]].reshape(voxels.shape[0], -1) for z, y, x in corners]
    return np.concatenate(patches, axis=1).astype(np.float32, copy=False)


def _starts(size: int, edge: int, most: int) -> list[int]:
    """Return where up to `most` parts of `edge` begin, evenly spread along an axis."""
    count = min(most, -(-size // edge))
    return sorted({round((size - edge) * (n + 0.5) / count) for n in range(count)})


def middle_crop(voxels: Voxels) -> NDArray[Any]:
    """Return the centre (C, 1, Y, X) of the middle slice, at most CROP wide and high."""
    _, z, y, x = voxels.shape
    top, left = max(0, (y - CROP) // 2), max(0, (x - CROP) // 2)
    return voxels[:, z // 2 : z // 2 + 1, top : top + CROP, left : left + CROP]
