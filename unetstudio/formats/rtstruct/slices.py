"""The stack of slices on which contours are filled: those of the image, or planes across it for sagittal and coronal contours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unetstudio.formats.dicom.slice_pairing import Pairing
from unetstudio.formats.dicom.source_planes import frame_axes
from unetstudio.formats.masks.content import MaskGrid

Positions = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Slices:
    """Parallel planes: `levels` (N,) ascending along a normal, the first pixel of each at `starts` (N, 2) rows and columns.

    `to_plane` (3, 4) turns a position in mm into level, row and column, with all starts at 0. `shape` is (rows, columns).
    """

    levels: Positions
    starts: Positions
    to_plane: Positions
    shape: tuple[int, int]
    depth: float = 1.0  # of a single slice, in levels

    @property
    def step(self) -> float:
        """The usual distance of neighbouring levels."""
        return float(np.median(np.diff(self.levels))) if len(self.levels) > 1 else self.depth

    def coordinates(self, corners: Positions) -> Positions:
        """Return corners (N, 3) in mm as (N, 3) level, row and column."""
        return corners @ self.to_plane[:, :3].T + self.to_plane[:, 3]

    def nearest(self, level: float) -> tuple[int, float]:
        """Return the slice nearest to a level, and its distance as a share of half the step there: beyond 1 is outside the stack."""
        n = int(np.argmin(np.abs(self.levels - level)))
        distance = level - float(self.levels[n])
        neighbour = n + 1 if distance > 0 else n - 1
        if not 0 <= neighbour < len(self.levels):
            neighbour = n - 1 if neighbour > n else n + 1
        step = abs(float(self.levels[neighbour] - self.levels[n])) if 0 <= neighbour < len(self.levels) else self.depth
        return n, 2 * abs(distance) / step


def along(grid: MaskGrid, axis: int) -> Slices:
    """Return the planes of a grid across one of its axes; rows and columns are the other two in their order."""
    others = [other for other in range(3) if other != axis]
    inverse = np.linalg.inv(grid.geometry.matrix).astype(np.float64)
    levels = np.arange(grid.shape[axis], dtype=np.float64)
    shape = (grid.shape[others[0]], grid.shape[others[1]])
    return Slices(levels, np.zeros((len(levels), 2)), inverse[[axis, *others]], shape)


def of_source(pairing: Pairing) -> Slices:
    """Return the slices of a DICOM source from which an image was straightened."""
    planes = [group[0].plane for group in pairing.planes]
    axes = np.eye(4)
    axes[:3, 1:3], axes[:3, 3] = frame_axes(planes[0]), np.array(planes[0].position)
    normal = np.cross(axes[:3, 2], axes[:3, 1])
    toward = np.array(planes[-1].position) - np.array(planes[0].position)
    axes[:3, 0] = normal / np.linalg.norm(normal) * (1.0 if toward @ normal >= 0 else -1.0)
    inverse = np.linalg.inv(axes).astype(np.float64)
    places = np.array([plane.position for plane in planes]) @ inverse[:3, :3].T + inverse[:3, 3]
    return Slices(places[:, 0], places[:, 1:], inverse[:3], pairing.plane_shape)
