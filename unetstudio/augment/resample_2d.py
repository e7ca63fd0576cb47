"""Sampling of a slice and its labels at given coordinates. No torch here: the window uses it."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from unetstudio.data.labels import UNLABELLED

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]


def sample_channels_2d(channels: Floats, coordinates: Floats) -> Floats:
    """Interpolate (C, Y, X) linearly at `coordinates` (2, *patch) to (C, *patch) float32, mirrored at the borders."""
    rows, columns = coordinates
    planes = [cv2.remap(c, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101) for c in channels]
    return np.stack(planes).astype(np.float32, copy=False)


def sample_labels_2d(labels: Bytes, coordinates: Floats) -> Bytes:
    """Return (*patch) uint8, the nearest value of (Y, X) at `coordinates` (2, *patch); UNLABELLED outside."""
    rows, columns = coordinates
    outside: Any = (UNLABELLED,)
    sampled = cv2.remap(labels, columns, rows, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=outside)
    return np.asarray(sampled, np.uint8)
