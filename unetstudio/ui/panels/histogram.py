"""How often each brightness occurs in a scan, from a sample that takes a few milliseconds whatever its size."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.scan import Scan

BINS = 128
PLANES, ROWS, COLUMNS = 8, 160, 200
"""Voxels looked at along each axis: few rows, since each touches another page of a large file."""


def histogram(scan: Scan) -> tuple[NDArray[np.int64], tuple[float, float]]:
    """Counts (BINS,) and the lowest and highest value found; over all channels, values that are not finite left out."""
    _, z, y, x = scan.voxels.shape
    step_z, step_y, step_x = math.ceil(z / PLANES), math.ceil(y / ROWS), math.ceil(x / COLUMNS)
    sample = np.asarray(scan.voxels[:, step_z // 2 :: step_z, step_y // 2 :: step_y, step_x // 2 :: step_x], np.float32).reshape(-1)
    sample = sample[np.isfinite(sample)]
    if not sample.size:
        return np.zeros(BINS, np.int64), (0.0, 1.0)
    low, high = float(sample.min()), float(sample.max())
    if scan.voxels.dtype == np.uint8:
        low, high = 0.0, 255.0
    if high <= low:
        high = low + max(1.0, abs(low) * 1e-3)
    counts, _ = np.histogram(sample, BINS, (low, high))
    return counts.astype(np.int64), (low, high)
