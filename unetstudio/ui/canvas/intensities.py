"""Conversion of voxel values to grey levels within a window, at the full depth of the scan."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

TINTS = ((0, 255, 0), (255, 0, 255), (0, 160, 255), (255, 200, 0), (255, 60, 60), (160, 160, 160))
"""Red, green, blue for the channels of multi-channel microscopy."""


def greys(values: NDArray[Any], low: float, high: float, inverted: bool) -> NDArray[np.uint8]:
    """Return grey levels 0..255 of the shape of `values`: low and below become black, high and above white, or the reverse."""
    if values.dtype == np.uint8:
        return np.asarray(cv2.LUT(values, _table("uint8", low, high, inverted)))
    if values.dtype in (np.uint16, np.int16):
        return np.take(_table(values.dtype.name, low, high, inverted), values.view(np.uint16))
    return _ramp(values.astype(np.float32, copy=False), low, high, inverted)


def coloured(channels: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Return (rows, columns, 4) blue, green, red, 255 from the grey levels of one, three (red, green, blue) or any other number of
    channels."""
    if len(channels) == 1:
        return np.asarray(cv2.cvtColor(channels[0], cv2.COLOR_GRAY2BGRA))
    if len(channels) in (3, 4):
        return np.asarray(cv2.merge([*channels[2::-1], np.full_like(channels[0], 255)]))
    total = np.zeros((*channels[0].shape, 3), np.uint16)
    for n, channel in enumerate(channels):
        total += (channel[..., None].astype(np.uint16) * np.array(TINTS[n % len(TINTS)], np.uint16)[::-1]) // 255
    return np.asarray(cv2.cvtColor(np.minimum(total, 255).astype(np.uint8), cv2.COLOR_BGR2BGRA))


@lru_cache(maxsize=4)
def _table(kind: str, low: float, high: float, inverted: bool) -> NDArray[np.uint8]:
    """Return the grey level of every value of an integer type, in the order of its bytes."""
    dtype = np.dtype(kind)
    every = np.arange(2 ** (8 * dtype.itemsize), dtype=np.uint32).astype(f"u{dtype.itemsize}").view(dtype)
    return _ramp(every.astype(np.float32), low, high, inverted)


def _ramp(values: NDArray[np.float32], low: float, high: float, inverted: bool) -> NDArray[np.uint8]:
    """Map values linearly from low to high; values that are not numbers are black."""
    width = high - low
    with np.errstate(invalid="ignore", over="ignore"):
        ramp = (values - np.float32(low)) * np.float32(255 / (width if abs(width) > 1e-30 else 1e-30)) + np.float32(0.5)
    levels = np.fmin(np.fmax(ramp, 0), 255).astype(np.uint8)
    return np.asarray(255 - levels) if inverted else levels
