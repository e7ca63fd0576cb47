"""Random fields, the raw material of procedural worlds: smooth noise, noise of a wavelength, warped coordinates."""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Random = np.random.Generator

SIZE = 144
"""Edge length of all images of worlds in pixels."""


def log_uniform(rng: Random, low: float, high: float) -> float:
    """Draw a positive number whose logarithm is uniform."""
    return float(math.exp(rng.uniform(math.log(low), math.log(high))))


def blur(plane: Floats, sigma: float) -> Floats:
    """Smooth with a Gaussian."""
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), max(sigma, 0.1), borderType=cv2.BORDER_REFLECT_101), np.float32)


def unit(field: Floats) -> Floats:
    """Shift and scale to mean 0 and standard deviation 1."""
    return np.asarray((field - field.mean()) / (field.std() + 1e-6), np.float32)


def smooth(rng: Random, scale: float) -> Floats:
    """Make noise of unit variance with structures about `scale` pixels wide."""
    if scale < 3:
        return unit(blur(rng.standard_normal((SIZE, SIZE), np.float32), scale / 2))
    spacing = 1.2 * scale
    nodes = math.ceil(SIZE / spacing) + 3
    edge = math.ceil(nodes * spacing)
    wide = cv2.resize(rng.standard_normal((nodes, nodes), np.float32), (edge, edge), interpolation=cv2.INTER_CUBIC)
    y, x = rng.integers(0, edge - SIZE + 1, 2)
    return np.asarray(wide[y : y + SIZE, x : x + SIZE] / 0.75, np.float32)


@lru_cache(1)
def _frequencies() -> tuple[Floats, Floats]:
    """Return radius (cycles per pixel) and angle of the frequencies of `rfft2`."""
    fy, fx = np.fft.fftfreq(SIZE)[:, None], np.fft.rfftfreq(SIZE)[None]
    return np.hypot(fy, fx).astype(np.float32), np.arctan2(fy, fx + 1e-9).astype(np.float32)


def waves(rng: Random, wavelength: float, width: float = 0.5, angle: float | None = None, focus: float = 0.0) -> Floats:
    """Make noise of about one wavelength (pixels; `width` in octaves), stretched along lines of an angle by `focus`."""
    radius, direction = _frequencies()
    gain = np.exp(-0.5 * (np.log((radius + 1e-4) * wavelength) / (0.7 * width)) ** 2)
    if angle is not None:
        gain = gain * np.exp(focus * (np.cos(2 * (direction - angle)) - 1))
    spectrum = np.fft.rfft2(rng.standard_normal((SIZE, SIZE), np.float32)) * gain
    return unit(np.fft.irfft2(spectrum, s=(SIZE, SIZE)).astype(np.float32))


def warped_grid(rng: Random, amount: float, scale: float) -> tuple[Floats, Floats]:
    """Return the (y, x) coordinates of all pixels, displaced smoothly by about `amount` pixels."""
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    return y + amount * smooth(rng, scale), x + amount * smooth(rng, scale)


def spots(rng: Random, number: int, sigma: float, inside: NDArray[np.bool_] | None = None) -> Floats:
    """Make Gaussian spots of height up to 1 at random places, or only inside a mask."""
    field = np.zeros((SIZE, SIZE), np.float32)
    ys, xs = rng.integers(0, SIZE, number), rng.integers(0, SIZE, number)
    keep = np.ones(number, bool) if inside is None else inside[ys, xs]
    field[ys[keep], xs[keep]] = rng.uniform(0.3, 1, int(keep.sum()))
    return np.asarray(blur(field, sigma) * 2 * math.pi * max(sigma, 0.4) ** 2, np.float32)
