"""A small picture of a scan, for the case strip and for choosing colours that stand out against it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from unetstudio.data.display_window import automatic_window
from unetstudio.data.scan import Scan

THUMBNAIL = 192
"""Longest edge of a thumbnail in pixels."""


def thumbnail(scan: Scan) -> bytes:
    """Return `picture` as PNG bytes."""
    _, data = cv2.imencode(".png", picture(scan)[..., ::-1])
    return data.tobytes()


def picture(scan: Scan) -> NDArray[np.uint8]:
    """Return the middle slice as (Y, X, 3) RGB uint8: at most 192 square pixels wide and high, contrast stretched."""
    middle = scan.voxels[:, scan.voxels.shape[1] // 2]  # (C, Y, X)
    _, spacing_y, spacing_x = scan.geometry.spacing_or_one
    height, width = middle.shape[1] * spacing_y, middle.shape[2] * spacing_x
    scale = THUMBNAIL / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    step = max(1, int(min(middle.shape[1] / size[1], middle.shape[2] / size[0]) / 2))
    channels = middle[:3] if middle.shape[0] >= 3 else middle[:1]
    low, high = automatic_window(scan)
    grey = np.clip((channels[:, ::step, ::step].astype(np.float32) - low) / max(high - low, 1e-30), 0, 1) * 255
    grey = 255 - grey if scan.inverted else grey
    planes = [cv2.resize(plane.astype(np.uint8), size, interpolation=cv2.INTER_AREA) for plane in grey]
    return np.stack(planes * 3 if len(planes) == 1 else planes, axis=-1)
