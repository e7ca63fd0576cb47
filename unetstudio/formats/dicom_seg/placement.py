"""The grid of a segmentation, and the place of each of its frames on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.geometry import SAME_PLACE, Geometry
from unetstudio.errors import FormatError
from unetstudio.formats.dicom.frame_plane import FramePlane
from unetstudio.formats.dicom.source_planes import frame_axes
from unetstudio.formats.dicom_seg.frames import SegFrame
from unetstudio.formats.masks.content import MaskGrid

Place = tuple[NDArray[np.int64], NDArray[np.int64]]
"""The voxel (3,) of a frame's first pixel, and the steps (3, 2) to the next row and column."""

_SAME_DIRECTION = 1e-3
_MOST_SLICES = 100_000


def place_on(grid: MaskGrid, plane: FramePlane, size: tuple[int, int]) -> Place | None:
    """Return the place of a placed frame of `size` (Y, X); None when its pixels are not voxels of the grid, even beyond its edge."""
    to_index = np.linalg.inv(grid.geometry.matrix)
    axes = to_index[:3, :3] @ frame_axes(plane)
    start = to_index[:3, :3] @ np.array(plane.position) + to_index[:3, 3]
    whole = np.rint(axes)
    if not np.array_equal(np.abs(whole).sum(0), [1, 1]) or np.abs(whole).sum(1).max() != 1:
        return None
    error = np.abs(start - np.rint(start)) + np.abs(axes - whole) @ (np.array(size) - 1)
    if error.max() > SAME_PLACE:
        return None
    return np.rint(start).astype(np.int64), whole.astype(np.int64)


def spanned_grid(frames: Sequence[SegFrame], size: tuple[int, int], stated_step: float | None, path: Path) -> MaskGrid:
    """Return the grid from the first to the last of placed frames of `size` (Y, X), omitted ones between them included.

    Raise FormatError when they have several directions or no even distance.
    """
    first = frames[0].plane
    orientations = np.array([frame.plane.orientation for frame in frames])
    pixels = np.array([frame.plane.pixel for frame in frames])
    if np.abs(orientations - orientations[0]).max() > _SAME_DIRECTION or not np.allclose(pixels, pixels[0], rtol=1e-3):
        raise FormatError(path, "its frames lie in different directions; import it on the image that it belongs to.")
    normal = np.cross(orientations[0][:3], orientations[0][3:])
    positions = np.array([frame.plane.position for frame in frames])
    heights = positions @ normal
    order = np.argsort(heights, kind="stable")
    levels = np.concatenate([[0.0], heights[order][np.flatnonzero(np.diff(heights[order]) > 1e-3) + 1] - heights[order[0]]])
    step = _step(levels, stated_step) if len(levels) > 1 else (stated_step or first.thickness or 1.0)
    whole = np.rint(levels / step)
    if np.abs(levels / step - whole).max() > SAME_PLACE or whole[-1] > _MOST_SLICES:
        raise FormatError(path, "its frames are unevenly spaced; import it on the image that it belongs to.")
    affine = np.eye(4)
    affine[:3, 1:3], affine[:3, 3] = frame_axes(first), positions[order[0]]
    affine[:3, 0] = (positions[order[-1]] - positions[order[0]]) / whole[-1] if len(levels) > 1 else normal * step
    return MaskGrid((int(whole[-1]) + 1, *size), Geometry.from_affine(affine))


def _step(levels: NDArray[np.float64], stated: float | None) -> float:
    """Return the distance of slices: as the file states it, if its frames agree, else the smallest one."""
    smallest = float(np.diff(levels).min())
    if stated and np.abs(levels / stated - np.rint(levels / stated)).max() <= SAME_PLACE:
        return stated
    return smallest
