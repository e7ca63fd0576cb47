"""The histogram of a scan, from a sample that takes a few milliseconds whatever the scan's size."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.scan import Scan

BINS = 128
PLANES, ROWS, COLUMNS = 8, 160, 200
"""Voxels sampled along each axis: few rows, since each touches another page of a large file."""


@dataclass(frozen=True, eq=False)
class Histogram:
    """`counts` (BINS,) int64 over the range `limits`; `extremes` are the lowest and the highest value sampled. Low < high in both."""

    counts: NDArray[np.int64]
    limits: tuple[float, float]
    extremes: tuple[float, float]


def histogram(scan: Scan) -> Histogram:
    """Count values over all channels, leaving out those that are not finite; an 8-bit scan is counted over its whole range."""
    _, z, y, x = scan.voxels.shape
    step_z, step_y, step_x = math.ceil(z / PLANES), math.ceil(y / ROWS), math.ceil(x / COLUMNS)
    sample = np.asarray(scan.voxels[:, step_z // 2 :: step_z, step_y // 2 :: step_y, step_x // 2 :: step_x], np.float32).reshape(-1)
    sample = sample[np.isfinite(sample)]
    if not sample.size:
        return Histogram(np.zeros(BINS, np.int64), (0.0, 1.0), (0.0, 1.0))
    low, high = float(sample.min()), float(sample.max())
    if high <= low:
        high = low + max(1.0, abs(low) * 1e-3)
    limits = (0.0, 255.0) if scan.voxels.dtype == np.uint8 else (low, high)
    counts, _ = np.histogram(sample, BINS, limits)
    return Histogram(counts.astype(np.int64), limits, (low, high))
