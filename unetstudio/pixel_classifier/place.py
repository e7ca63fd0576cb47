"""The place of a voxel in a volume: where it lies in the box that the body fills, in patient directions.

In volumes it says more than any filter response: organs keep their place, and strokes on a few slices show it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.geometry import Geometry
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan, Voxels

Direction = tuple[int, int]
"""An array axis, and 1 or -1: whether its index grows with the direction or against it."""

PLACES = 3
"""Number of features: the place towards superior, posterior and left."""

SAMPLES = 48
"""Largest number of samples along an axis from which the box of the body is measured."""

DARK = 0.25
"""Share of a scan's range of values below which a voxel is air around the body."""

SPARSE = 0.05
"""Share of the fullest slice's bright voxels below which a slice shows no body."""


@dataclass(frozen=True)
class BodyBox:
    """The box of a scan that the body fills: first and last voxel per array axis, and the patient directions of the axes."""

    first: tuple[float, float, float]
    last: tuple[float, float, float]
    directions: tuple[Direction, Direction, Direction]

    @classmethod
    def measure(cls, scan: Scan) -> BodyBox:
        """Measure the box of a scan; the whole scan where nothing dark surrounds the body."""
        ends = bright_ends(scan.voxels)
        return cls((ends[0][0], ends[1][0], ends[2][0]), (ends[0][1], ends[1][1], ends[2][1]), patient_directions(scan.geometry))

    def place(self, region: Region) -> NDArray[np.float32]:
        """Compute (PLACES, Z, Y, X), -1 to 1 from one end of the box to the other and growing further outside it."""
        out = np.empty((PLACES, *region.shape), np.float32)
        for feature, (axis, sign) in enumerate(self.directions):
            index = np.arange(region.start[axis], region.stop[axis], dtype=np.float32)
            half = max(1.0, self.last[axis] - self.first[axis]) / 2
            along = sign * (index - (self.first[axis] + self.last[axis]) / 2) / half
            out[feature] = along.reshape([-1 if a == axis else 1 for a in range(3)])
        return out


def patient_directions(geometry: Geometry) -> tuple[Direction, Direction, Direction]:
    """Return the array axes that lie closest to superior, posterior and left; the axes in order when the orientation is unknown."""
    if geometry.affine is None:
        return ((0, 1), (1, 1), (2, 1))
    columns = geometry.matrix[:3, :3]
    cosines = (columns / np.linalg.norm(columns, axis=0))[::-1]  # rows: superior, posterior, left
    order = max(permutations(range(3)), key=lambda axes: sum(abs(cosines[row, axis]) for row, axis in enumerate(axes)))
    superior, posterior, left = ((axis, 1 if cosines[row, axis] >= 0 else -1) for row, axis in enumerate(order))
    return (superior, posterior, left)


def bright_ends(voxels: Voxels) -> list[tuple[float, float]]:
    """Return the first and the last index along z, y and x between which a scan is brighter than its surroundings of air."""
    steps = [max(1, -(-size // SAMPLES)) for size in voxels.shape[1:]]
    grid = np.asarray(voxels[(slice(None), *(slice(step // 2, None, step) for step in steps))], np.float32).mean(axis=0)
    finite = np.where(np.isfinite(grid), grid, np.nanmin(np.where(np.isfinite(grid), grid, np.nan)) if np.isfinite(grid).any() else 0.0)
    low, high = np.percentile(finite, (0.5, 99))
    bright = finite > low + DARK * (high - low)
    ends = []
    for axis, (step, size) in enumerate(zip(steps, voxels.shape[1:], strict=True)):
        share = bright.mean(axis=tuple(other for other in range(3) if other != axis))
        filled = np.flatnonzero(share > SPARSE * share.max())
        first, last = (int(filled[0]) * step, min(size, (int(filled[-1]) + 1) * step) - 1) if filled.size else (0, size - 1)
        ends.append((float(first), float(last)))
    return ends
