"""Reads a plane at given places: once, straight from the source, mirrored at its borders."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from unetstudio.data.labels import UNLABELLED

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]


def sample_plane(channels: Floats, places: Floats) -> Floats:
    """(C, *patch) float32 by linear interpolation from (C, Y, X) at `places` (2, *patch)."""
    rows, columns = places
    planes = [cv2.remap(c, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101) for c in channels]
    return np.stack(planes).astype(np.float32, copy=False)


def sample_plane_labels(labels: Bytes, places: Floats) -> Bytes:
    """(*patch) uint8, the nearest value of (Y, X) at `places`; UNLABELLED outside."""
    rows, columns = places
    outside: Any = (UNLABELLED,)
    found = cv2.remap(labels, columns, rows, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=outside)
    return np.asarray(found, np.uint8)
