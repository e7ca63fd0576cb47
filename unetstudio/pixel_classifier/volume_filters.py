"""Filters of volumes: smoothing by a width per axis, slopes and curvatures of the smoothed volume.

Widths are in voxels and differ between the axes where slices are further apart than pixels. The edges of an array are mirrored.
"""

from __future__ import annotations

import math
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Widths = tuple[float, float, float]

REACH = 3
"""Half width of the smoothing window in standard deviations."""

NARROWEST = 0.2
"""Standard deviation in voxels below which an axis is not smoothed."""


def radius(sigma: float) -> int:
    """Return the half width in voxels of the smoothing window."""
    return math.ceil(REACH * sigma) if sigma >= NARROWEST else 0


def smoothed(volume: Floats, sigma: Widths) -> Floats:
    """Smooth (Z, Y, X) by Gaussians of standard deviations `sigma` along z, y and x."""
    along_z, along_y, along_x = (_gaussian(s) for s in sigma)
    tall = np.ascontiguousarray(volume, np.float32).reshape(volume.shape[0], -1)  # the slices as rows of a plane
    if along_z.size > 1:
        tall = np.asarray(cv2.sepFilter2D(tall, cv2.CV_32F, np.ones(1, np.float32), along_z, borderType=cv2.BORDER_REFLECT_101), np.float32)
    out = np.empty(volume.shape, np.float32)
    for z, plane in enumerate(tall.reshape(volume.shape)):
        out[z] = cv2.sepFilter2D(plane, cv2.CV_32F, along_x, along_y, borderType=cv2.BORDER_REFLECT_101)
    return out


def slope_and_curvatures(volume: Floats, sigma: Widths) -> Floats:
    """Compute (4, Z - 2, Y - 2, X - 2) of a smoothed volume's inner voxels: gradient magnitude and Hessian eigenvalues, largest first.

    Derivatives along an axis are multiplied by its `sigma`, so that wide and narrow structures answer alike (Lindeberg 1998).
    """
    inner = (slice(1, -1),) * 3
    steps = [tuple(int(a == axis) for a in range(3)) for axis in range(3)]
    centre = volume[inner]
    first, pure, mixed = [], [], []
    for step, s in zip(steps, sigma, strict=True):
        up, down = _shifted(volume, step), _shifted(volume, tuple(-i for i in step))
        first.append((up - down) * np.float32(s / 2))
        pure.append((up + down - 2 * centre) * np.float32(s * s))
    for a, b in combinations(range(3), 2):
        plus, minus = (tuple(i + sign * j for i, j in zip(steps[a], steps[b], strict=True)) for sign in (1, -1))
        same = _shifted(volume, plus) + _shifted(volume, tuple(-i for i in plus))
        other = _shifted(volume, minus) + _shifted(volume, tuple(-i for i in minus))
        mixed.append((same - other) * np.float32(sigma[a] * sigma[b] / 4))
    magnitude = np.sqrt(sum(np.square(d) for d in first))
    return np.stack([magnitude, *eigenvalues(pure, mixed)])


def eigenvalues(pure: list[Floats], mixed: list[Floats]) -> tuple[Floats, Floats, Floats]:
    """Compute the eigenvalues, largest first, of symmetric matrices with diagonal `pure` and (zy, zx, yx) `mixed` (Smith 1961)."""
    (zz, yy, xx), (zy, zx, yx) = pure, mixed
    mean = (zz + yy + xx) / 3
    a, b, c = zz - mean, yy - mean, xx - mean
    spread = np.sqrt((a * a + b * b + c * c + 2 * (zy * zy + zx * zx + yx * yx)) / 6)
    determinant = a * (b * c - yx * yx) - zy * (zy * c - yx * zx) + zx * (zy * yx - b * zx)
    ratio = determinant / np.maximum(2 * spread**3, np.float32(1e-12))
    angle = np.arccos(np.clip(ratio, -1, 1)) / 3
    largest = mean + 2 * spread * np.cos(angle)
    smallest = mean + 2 * spread * np.cos(angle + np.float32(2 * math.pi / 3))
    return largest, 3 * mean - largest - smallest, smallest


def _gaussian(sigma: float) -> Floats:
    """Return the weights of the smoothing window."""
    reach = radius(sigma)
    at = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * np.square(at / max(sigma, NARROWEST)))
    return np.asarray(weights / weights.sum(), np.float32)


def _shifted(volume: Floats, by: tuple[int, ...]) -> Floats:
    """Return the neighbours of the inner voxels, -1, 0 or 1 voxels away on each axis."""
    return volume[tuple(slice(1 + step, size - 1 + step) for step, size in zip(by, volume.shape, strict=True))]
