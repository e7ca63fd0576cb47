"""The slice looked at, at the resolutions the screen needs: the image halved by averages, the labels so that thin strokes stay visible."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from unetstudio.data.labels import UNLABELLED
from unetstudio.data.region import Region

Plane = NDArray[Any]

SCALABLE = (np.uint8, np.uint16, np.int16, np.float32)
"""Types that OpenCV can scale; others are looked at as float32."""


def plane_of(values: NDArray[Any], axis: int, index: int) -> Plane:
    """(rows, columns) view of a (Z, Y, X) array at a slice."""
    return np.moveaxis(values, axis, 0)[index]


def span_of(region: Region, axis: int, index: int) -> tuple[int, int, int, int] | None:
    """Top, left, bottom, right of a region in a plane; None when it does not meet it."""
    if region.empty or not region.start[axis] <= index < region.stop[axis]:
        return None
    top, left = (n for a, n in enumerate(region.start) if a != axis)
    bottom, right = (n for a, n in enumerate(region.stop) if a != axis)
    return top, left, bottom, right


class ImagePlane:
    """One slice of a scan, channel by channel, at full depth; halved versions are made when first needed and kept."""

    def __init__(self, voxels: NDArray[Any], axis: int, index: int) -> None:
        self._levels: dict[tuple[int, int], list[Plane]] = {(0, 0): [_scalable(plane_of(c, axis, index)) for c in voxels]}

    def level(self, down: int, across: int) -> list[Plane]:
        """Each channel with rows halved `down` times and columns `across` times, by averaging."""
        key = (down, across)
        if key not in self._levels:
            finer = self.level(down - (down > 0), across - (across > 0))
            self._levels[key] = [_halved(plane, down > 0, across > 0) for plane in finer]
        return self._levels[key]


class LabelPlane:
    """One slice of a label map; reduced, a cell shows the highest class annotated in it, so that no stroke vanishes when zoomed out."""

    def __init__(self, values: NDArray[np.uint8], axis: int, index: int) -> None:
        self.full = plane_of(values, axis, index)
        self._factors = (1, 1)
        self._reduced = self.full

    def reduced(self, down: int, across: int) -> NDArray[np.uint8]:
        """Cells of `down` x `across` voxels; the newest reduction is kept."""
        if (down, across) == (1, 1):
            return self.full
        if (down, across) != self._factors:
            self._factors, self._reduced = (down, across), reduce_labels(self.full, down, across)
        return self._reduced

    def changed(self, span: tuple[int, int, int, int]) -> None:
        """Brings the kept reduction up to date where labels changed."""
        down, across = self._factors
        if self._factors == (1, 1):
            return
        top, left, bottom, right = span[0] // down, span[1] // across, -(-span[2] // down), -(-span[3] // across)
        part = self.full[top * down : bottom * down, left * across : right * across]
        self._reduced[top:bottom, left:right] = reduce_labels(part, down, across)


def reduce_labels(plane: NDArray[np.uint8], down: int, across: int) -> NDArray[np.uint8]:
    """(rows / down, columns / across) rounded up: the highest annotated value of each cell, UNLABELLED where there is none."""
    rows, columns = plane.shape
    # One more than the value wraps UNLABELLED to 0, below every class.
    slim = np.zeros((-(-rows // down), columns), np.uint8)
    for k in range(min(down, rows)):
        part = plane[k::down] + np.uint8(1)
        np.maximum(slim[: len(part)], part, out=slim[: len(part)])
    out = np.zeros((slim.shape[0], -(-columns // across)), np.uint8)
    for k in range(min(across, columns)):
        part = slim[:, k::across]
        np.maximum(out[:, : part.shape[1]], part, out=out[:, : part.shape[1]])
    return out + np.uint8(UNLABELLED)


def _scalable(plane: Plane) -> Plane:
    """The plane in memory order and in a type that OpenCV scales."""
    return np.ascontiguousarray(plane, plane.dtype if plane.dtype.type in SCALABLE else np.float32)


def _halved(plane: Plane, down: bool, across: bool) -> Plane:
    """Half as many rows and columns, rounded up; a last one without a partner is averaged with itself."""
    rows, columns = plane.shape
    odd = (rows % 2 if down else 0, columns % 2 if across else 0)
    if any(odd):
        plane = cv2.copyMakeBorder(plane, 0, odd[0], 0, odd[1], cv2.BORDER_REPLICATE)
    size = (plane.shape[1] // (2 if across else 1), plane.shape[0] // (2 if down else 1))
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA))
