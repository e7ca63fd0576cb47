"""The pairing of a label map's slices with those of its DICOM source, by place and never by order.

A volume that was straightened (gantry tilt, uneven steps) lies between the slices; labels go to the nearest voxel, there and back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.geometry import SAME_PLACE, Geometry
from unetstudio.data.region import Index
from unetstudio.formats.dicom.source_planes import SourcePlane, SourceSlices, frame_axes

_MOST_BETWEEN = 8
"""Largest distance of two slices, in levels of the straightened volume."""


@dataclass(frozen=True)
class Pairing:
    """The slices of the source on a grid: `starts` (N, 3) is the voxel of each one's first pixel, in ascending order of z.

    `planes` holds for each the slices of the source that lie there, more than one where images share their places (echoes).
    `straightened` says that the grid is not that of the slices.
    """

    starts: NDArray[np.int64]
    planes: tuple[tuple[SourcePlane, ...], ...]
    places: NDArray[np.float64]  # (N, 3) the exact places, in voxels
    straightened: bool

    @property
    def plane_shape(self) -> tuple[int, int]:
        """The shape (Y, X) of a slice."""
        return self.planes[0][0].shape

    def to_slices(self, labels: NDArray[Any]) -> NDArray[Any]:
        """Return a label map (Z, Y, X) of the grid on the slices (N, Y, X) of the source."""
        rows, columns = self.plane_shape
        return np.stack([labels[z, y : y + rows, x : x + columns] for z, y, x in self.starts])

    def from_slices(self, stack: NDArray[Any], shape: Index) -> NDArray[Any]:
        """Return slices (N, Y, X) on the grid of `shape`: each level takes the nearest slice; what no slice covers is 0."""
        rows, columns = self.plane_shape
        labels = np.zeros(shape, stack.dtype)
        for level in range(shape[0]):
            nearest = int(np.argmin(np.abs(self.places[:, 0] - level)))
            _, y, x = self.starts[nearest]
            labels[level, y : y + rows, x : x + columns] = stack[nearest]
        return labels


def pair(source: SourceSlices, geometry: Geometry, shape: Index) -> Pairing | None:
    """Pair the grid of `geometry` and `shape` with the slices of a source; None when they do not belong together.

    Slices beside the grid, such as those of another stack in the same file, are left out.
    """
    if geometry.affine is None:
        return None
    to_index = np.linalg.inv(geometry.matrix).astype(np.float64)
    planes = [one for one in source.planes if _lies_along(one, to_index)]
    planes = [one for one in planes if one.shape == planes[0].shape]
    if not planes:
        return None
    places = np.array([one.plane.position for one in planes]) @ to_index[:3, :3].T + to_index[:3, 3]
    on_grid = (np.abs(places - np.rint(places)).max(axis=1) <= SAME_PLACE) & (np.rint(places[:, 1:]) == 0).all(axis=1)
    on_grid &= (np.rint(places[:, 0]) >= 0) & (np.rint(places[:, 0]) < shape[0])
    if planes[0].shape == shape[1:] and len(set(np.rint(places[on_grid, 0]).tolist())) == shape[0]:
        return _grouped([planes[n] for n in np.flatnonzero(on_grid)], places[on_grid], straightened=False)
    pairing = _grouped(planes, places, straightened=True)
    return pairing if _covers(pairing, shape) else None


def _lies_along(one: SourcePlane, to_index: NDArray[np.float64]) -> bool:
    """Whether a slice is placed, with its rows and columns along those of the grid."""
    if not one.is_placed:
        return False
    axes = to_index[:3, :3] @ frame_axes(one.plane)  # (3, 2), to be the unit vectors of y and x
    error = np.abs(axes - [[0, 0], [1, 0], [0, 1]]) @ (np.array(one.shape) - 1)
    return bool(error.max() <= SAME_PLACE)


def _grouped(planes: list[SourcePlane], places: NDArray[np.float64], *, straightened: bool) -> Pairing:
    """Group slices at the same place, in ascending order."""
    groups: list[list[int]] = []
    for n in np.argsort(places[:, 0], kind="stable").tolist():
        if groups and np.abs(places[n] - places[groups[-1][0]]).max() <= 2 * SAME_PLACE:
            groups[-1].append(n)
        else:
            groups.append([n])
    firsts = places[[group[0] for group in groups]]
    starts = np.floor(firsts + 0.5).astype(np.int64)
    return Pairing(starts, tuple(tuple(planes[n] for n in group) for group in groups), firsts, straightened)


def _covers(pairing: Pairing, shape: Index) -> bool:
    """Whether slices fill a straightened volume exactly from its first to its last level, each lying inside it."""
    places, starts = pairing.places, pairing.starts
    if len(places) < 2 or np.diff(places[:, 0]).min() <= SAME_PLACE:
        return False
    ends = starts + np.array([1, *pairing.plane_shape])
    inside = bool((starts >= 0).all() and (ends <= np.array(shape)).all())
    anchored = np.abs(places[0] - starts[0]).max() <= SAME_PLACE and starts[0, 0] == 0 and starts[-1, 0] == shape[0] - 1
    filled = (starts[:, 1:].min(0) <= 1).all() and (ends[:, 1:].max(0) >= np.array(shape[1:]) - 1).all()
    dense = np.diff(places[:, 0]).max() <= _MOST_BETWEEN
    return inside and bool(anchored) and bool(filled) and bool(dense)
