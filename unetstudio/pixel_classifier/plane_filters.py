"""Filter responses of a plane, from which trees tell structures apart: edges, lines, blobs, textures and surroundings at several scales.

They are ilastik's filters (Berg 2019), and three families that pixel classifiers usually lack: oriented lines, top-hats and ranges of wide
windows. None has a direction. All windows end within REACH pixels, so that responses do not depend on where a picture is cut.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

SIGMAS = (0.7, 1.0, 1.6, 3.5, 5.0, 10.0)
"""Standard deviations of the smoothing, in pixels."""

COARSE = 10.0
"""Smallest sigma without texture, whose windows would reach twice as far."""

TRUNCATE = 3
"""Half width of Gaussian windows in standard deviations."""

LINES = (9, 17, 31)
"""Lengths of line filters in pixels."""

DIRECTIONS = 8
"""Number of directions of a line filter."""

DISCS = (3, 7, 15)
"""Radii of top-hats in pixels."""

BOXES = (4, 8, 16, 32)
"""Half widths of the windows in which the highest and the lowest value are sought."""

COUNT = 1 + 5 * len(SIGMAS) + 2 * sum(sigma < COARSE for sigma in SIGMAS) + 2 * (len(LINES) + len(DISCS) + len(BOXES))
"""Number of responses of a plane."""

REACH = 40
"""Distance in pixels up to which a response depends on its surroundings."""

FLOOR = 0.05
"""Offset of local standard deviations on the study's scale, so that the noise of flat regions stays small."""

BORDER = cv2.BORDER_REFLECT_101


def plane_filters(plane: Floats) -> Iterator[Floats]:
    """Filter (Y, X) to COUNT planes of the same shape, in proportion to the plane's contrast."""
    yield plane
    for filters in (_scales, _lines, _top_hats, _ranges):
        yield from filters(plane)


def smoothed(plane: Floats, sigma: float) -> Floats:
    """Smooth with a Gaussian window that ends at TRUNCATE sigmas."""
    width = 2 * math.ceil(TRUNCATE * sigma) + 1
    return np.asarray(cv2.GaussianBlur(plane, (width, width), sigma, borderType=BORDER), np.float32)


def tent(plane: Floats, reach: int) -> Floats:
    """Smooth with a tent-shaped window that ends at `reach` pixels (an even number), whose cost does not depend on its width."""
    size = (reach + 1, reach + 1)
    return np.asarray(cv2.blur(cv2.blur(plane, size, borderType=BORDER), size, borderType=BORDER), np.float32)


def local_moments(plane: Floats, reach: int) -> tuple[Floats, Floats]:
    """Compute the mean and the standard deviation of (Y, X) in the window of `tent`."""
    mean = tent(plane, reach)
    return mean, np.sqrt(np.maximum(tent(plane * plane, reach) - mean * mean, 0))


def _scales(plane: Floats) -> Iterator[Floats]:
    """Compute smoothed value, gradient, Hessian eigenvalues, difference of Gaussians and structure tensor at each sigma."""
    for sigma in SIGMAS:
        smooth = smoothed(plane, sigma)
        dx, dy = _derivative(smooth, 1, 0, sigma / 2), _derivative(smooth, 0, 1, sigma / 2)
        hessian = (_derivative(smooth, *order, factor * sigma**2) for order, factor in (((2, 0), 1), ((0, 2), 1), ((1, 1), 0.25)))
        finer = smoothed(plane, 0.66 * sigma) if sigma > 1 else plane
        xx, yy, xy = dx * dx, dy * dy, dx * dy
        yield from (smooth, np.sqrt(xx + yy), *_eigenvalues(*hessian), smooth - finer)
        if sigma < COARSE:
            tensor = _eigenvalues(smoothed(xx, sigma), smoothed(yy, sigma), smoothed(xy, sigma))
            yield from (np.sqrt(np.maximum(value, 0)) for value in tensor)  # as amplitudes, like all others


def _lines(plane: Floats) -> Iterator[Floats]:
    """Compute the strongest bright line and the strongest dark line of each length: the mean along it minus the mean around."""
    smooth = smoothed(plane, 0.7)
    for length in LINES:
        bright, dark = np.full_like(smooth, -np.inf), np.full_like(smooth, np.inf)
        for kernel in _line_kernels(length):
            along = np.asarray(cv2.filter2D(smooth, cv2.CV_32F, kernel, borderType=BORDER), np.float32)
            np.maximum(bright, along, out=bright)
            np.minimum(dark, along, out=dark)
        around = np.asarray(cv2.blur(smooth, (length, length), borderType=BORDER), np.float32)
        yield from (bright - around, dark - around)


def _top_hats(plane: Floats) -> Iterator[Floats]:
    """Compute what is brighter, and what is darker, than anything that a disc of each radius fits into."""
    smooth = smoothed(plane, 1.0)
    for radius in DISCS:
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
        yield np.asarray(smooth - cv2.morphologyEx(smooth, cv2.MORPH_OPEN, disc, borderType=BORDER), np.float32)
        yield np.asarray(cv2.morphologyEx(smooth, cv2.MORPH_CLOSE, disc, borderType=BORDER) - smooth, np.float32)


def _ranges(plane: Floats) -> Iterator[Floats]:
    """Compute how far the value lies below the highest and above the lowest one in square windows."""
    smooth = smoothed(plane, 2.0)
    for half in BOXES:
        box = np.ones((2 * half + 1, 2 * half + 1), np.uint8)
        yield np.asarray(cv2.dilate(smooth, box, borderType=BORDER) - smooth, np.float32)
        yield np.asarray(smooth - cv2.erode(smooth, box, borderType=BORDER), np.float32)


def _derivative(plane: Floats, dx: int, dy: int, factor: float) -> Floats:
    """Compute central differences of three pixels times `factor`."""
    return np.asarray(cv2.Sobel(plane, cv2.CV_32F, dx, dy, ksize=1, scale=factor, borderType=BORDER), np.float32)


def _eigenvalues(xx: Floats, yy: Floats, xy: Floats) -> list[Floats]:
    """Compute the larger and the smaller eigenvalue of symmetric 2 x 2 matrices."""
    mean, half = (xx + yy) * np.float32(0.5), (xx - yy) * np.float32(0.5)
    apart = np.sqrt(half * half + xy * xy)
    return [mean + apart, mean - apart]


@cache
def _line_kernels(length: int) -> tuple[Floats, ...]:
    """Draw a line of `length` pixels in DIRECTIONS directions, each point spread over the four pixels around it; each sums to 1."""
    radius, kernels = length // 2 + 1, []
    steps = np.linspace(-(length - 1) / 2, (length - 1) / 2, 2 * length)
    for angle in np.arange(DIRECTIONS) * np.pi / DIRECTIONS:
        y, x = radius + steps * np.sin(angle), radius + steps * np.cos(angle)
        top, left = np.floor(y).astype(int), np.floor(x).astype(int)
        kernel = np.zeros((2 * radius + 2, 2 * radius + 2), np.float32)
        for dy, dx in ((0, 0), (0, 1), (1, 0), (1, 1)):
            np.add.at(kernel, (top + dy, left + dx), (1 - np.abs(y - top - dy)) * (1 - np.abs(x - left - dx)))
        kernels.append(kernel[:-1, :-1] / kernel[:-1, :-1].sum())
    return tuple(kernels)
