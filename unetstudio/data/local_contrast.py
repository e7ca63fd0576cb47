"""Local normalisation of a plane, which shows faint structures next to bright ones and is invariant to illumination."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

FLOOR = 0.05
"""Offset of the local standard deviation (the whole scale is 2 wide), so that flat regions stay flat and their noise small."""


def local_contrast(plane: Floats, sigma: float, limit: float) -> Floats:
    """Compute (x - m) / (s + FLOOR) for (Y, X), with mean m and standard deviation s in a Gaussian window, clamped to +-limit.

    The plane is mirrored at its borders.
    """
    width = 2 * math.ceil(3 * sigma) + 1
    size = (width, width)
    mean = cv2.GaussianBlur(plane, size, sigma, borderType=cv2.BORDER_REFLECT_101)
    square = cv2.GaussianBlur(plane * plane, size, sigma, borderType=cv2.BORDER_REFLECT_101)
    deviation = np.sqrt(np.maximum(square - mean * mean, 0.0))
    return np.asarray(np.clip((plane - mean) / (deviation + FLOOR), -limit, limit), np.float32)
