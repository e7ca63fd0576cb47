"""Filter responses of a plane: edges, lines and blobs of a few widths, which a network would need many steps to learn.

At each scale they are the two eigenvalues of the Hessian and the gradient magnitude of the smoothed plane, normalised to be as strong for
wide structures as for narrow ones (Lindeberg 1998). None has a direction, so they stay valid in rotated and mirrored patches.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

SCALES = (1.5, 3.0)
"""Standard deviations of the smoothing, in pixels."""

COUNT = 3 * len(SCALES)
"""Number of responses of a plane."""

REACH = 4
"""Half width of the smoothing window in standard deviations."""

MARGIN = math.ceil(REACH * max(SCALES)) + 1
"""Distance in pixels up to which a response depends on its surroundings."""


def filter_responses(plane: Floats) -> Floats:
    """Filter (Y, X) to (COUNT, Y, X), mirrored at the borders and proportional to the plane's contrast."""
    out = np.empty((COUNT, *plane.shape), np.float32)
    for place, sigma in enumerate(SCALES):
        width = 2 * math.ceil(REACH * sigma) + 1
        smooth = np.asarray(cv2.GaussianBlur(plane, (width, width), sigma, borderType=cv2.BORDER_REFLECT_101), np.float32)
        xx, yy = (_derivative(smooth, *order, sigma * sigma) for order in ((2, 0), (0, 2)))
        mean, half = np.float32(0.5) * (xx + yy), np.float32(0.5) * (xx - yy)
        apart = _length(half, _derivative(smooth, 1, 1, sigma * sigma / 4))
        np.add(mean, apart, out=out[3 * place])
        np.subtract(mean, apart, out=out[3 * place + 1])
        out[3 * place + 2] = _length(_derivative(smooth, 1, 0, sigma / 2), _derivative(smooth, 0, 1, sigma / 2))
    return out


def _derivative(plane: Floats, dx: int, dy: int, factor: float) -> Floats:
    """Compute central differences of three pixels times `factor`."""
    derivative = cv2.Sobel(plane, cv2.CV_32F, dx, dy, ksize=1, scale=factor, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(derivative, np.float32)


def _length(a: Floats, b: Floats) -> Floats:
    """Compute the length of vectors (a, b), which are overwritten.

    OpenCV's function rounds differently by memory alignment, so a seed would not reproduce a training.
    """
    a *= a
    b *= b
    a += b
    return np.sqrt(a, out=a)
