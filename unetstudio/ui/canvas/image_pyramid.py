"""The slice of the image on the screen, at the resolutions that zooming out needs: halved by averages."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from unetstudio.data.plane import Plane
from unetstudio.data.scan import Voxels

Pixels = NDArray[Any]

SCALABLE = (np.uint8, np.uint16, np.int16, np.float32)
"""Types that OpenCV can scale; others are shown as float32."""


class ImagePyramid:
    """One slice of `voxels` (C, Z, Y, X), channel by channel, at full depth; halved versions are made when first needed and kept."""

    def __init__(self, voxels: Voxels, plane: Plane) -> None:
        self._levels: dict[tuple[int, int], list[Pixels]] = {(0, 0): [_scalable(c) for c in voxels[(slice(None), *plane.slices)]]}

    def level(self, down: int, across: int) -> list[Pixels]:
        """Return each channel with rows halved `down` times and columns `across` times, by averaging."""
        key = (down, across)
        if key not in self._levels:
            finer = self.level(down - (down > 0), across - (across > 0))
            self._levels[key] = [_halved(channel, down > 0, across > 0) for channel in finer]
        return self._levels[key]


def _scalable(channel: Pixels) -> Pixels:
    """Return the channel in memory order and in a type that OpenCV scales."""
    return np.ascontiguousarray(channel, channel.dtype if channel.dtype.type in SCALABLE else np.float32)


def _halved(channel: Pixels, down: bool, across: bool) -> Pixels:
    """Return the plane with half as many rows and columns, rounded up; a last one without a partner is averaged with itself."""
    rows, columns = channel.shape
    odd = (rows % 2 if down else 0, columns % 2 if across else 0)
    if any(odd):
        channel = cv2.copyMakeBorder(channel, 0, odd[0], 0, odd[1], cv2.BORDER_REPLICATE)
    size = (channel.shape[1] // (2 if across else 1), channel.shape[0] // (2 if down else 1))
    return np.asarray(cv2.resize(channel, size, interpolation=cv2.INTER_AREA))
