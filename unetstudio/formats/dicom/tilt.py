"""Straightening of slices that a straight volume does not hold as they are (gantry tilt, uneven steps), and the way back for masks.

`straightened` makes the volume that is painted; `tilted` takes a label map made on it back to the slices of the files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.region import Index

Place = tuple[float, float, float]

_EXACT = 1e-6
"""Shares of a voxel below which places coincide."""


@dataclass(frozen=True)
class Tilt:
    """Where the slices lie in the straight volume: `places` (z, y, x) of each slice's first voxel, in voxels and ascending in z.

    `shape` (Z, Y, X) is that of the straight volume, which holds every slice whole, and `plane` (Y, X) that of a slice.
    """

    places: tuple[Place, ...]
    shape: Index
    plane: tuple[int, int]


def straightened(voxels: NDArray[Any], tilt: Tilt) -> NDArray[Any]:
    """Return slices (C, Z, Y, X) as the straight volume, with linear interpolation; uncovered voxels get the lowest value."""
    fill = voxels.min()
    shifted = np.full((voxels.shape[0], len(tilt.places), *tilt.shape[1:]), fill, voxels.dtype)
    for z, (_, y, x) in enumerate(tilt.places):
        _shift_into(shifted[:, z], voxels[:, z], (y, x))
    heights = np.array([place[0] for place in tilt.places])
    levels = np.arange(tilt.shape[0])
    if len(levels) == len(heights) and np.abs(heights - levels).max() < _EXACT:
        return shifted
    straight = np.empty((voxels.shape[0], *tilt.shape), voxels.dtype)
    for level in levels:
        below = int(np.clip(np.searchsorted(heights, level + _EXACT) - 1, 0, len(heights) - 2))
        share = float(np.clip((level - heights[below]) / (heights[below + 1] - heights[below]), 0, 1))
        straight[:, level] = _mixed(shifted[:, below], shifted[:, below + 1], share)
    return straight


def tilted(labels: NDArray[Any], tilt: Tilt) -> NDArray[Any]:
    """Return a label map (Z, Y, X) of the straight volume on the slices (number of slices, Y, X): the value of the nearest voxel."""
    slices = np.empty((len(tilt.places), *tilt.plane), labels.dtype)
    for n, place in enumerate(tilt.places):
        starts = np.floor(np.array(place) + 0.5).astype(int)
        z, y, x = np.clip(starts, 0, np.array(tilt.shape) - [1, *tilt.plane])
        slices[n] = labels[z, y : y + tilt.plane[0], x : x + tilt.plane[1]]
    return slices


def _shift_into(target: NDArray[Any], plane: NDArray[Any], offset: tuple[float, float]) -> None:
    """Write (C, Y, X) into a larger plane at a fractional offset; the outer rows and columns, cut in two, are repeated."""
    y, x = (int(np.floor(n + _EXACT)) for n in offset)
    for axis, start, at in ((1, y, offset[0]), (2, x, offset[1])):
        share = at - start
        if share > _EXACT:
            first, last = plane.take([0], axis), plane.take([-1], axis)
            plane = _mixed(np.concatenate([plane, last], axis), np.concatenate([first, plane], axis), share)
    target[:, y : y + plane.shape[1], x : x + plane.shape[2]] = plane


def _mixed(a: NDArray[Any], b: NDArray[Any], share: float) -> NDArray[Any]:
    """Return `a` with a `share` of `b`, in the type of `a`."""
    if share < _EXACT:
        return a
    mixed = a.astype(np.float32) * np.float32(1 - share) + b.astype(np.float32) * np.float32(share)
    return mixed.astype(a.dtype) if a.dtype.kind == "f" else np.rint(mixed).astype(a.dtype)
