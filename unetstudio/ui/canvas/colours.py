"""Colour tables for blending: what each value adds to the picture, and how much of the picture it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from unetstudio.data.classes import ClassTable

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Tint:
    """256 colours with their opacity, prepared for blending: (256,) uint32 of blue, green, red bytes each."""

    added: NDArray[np.uint32]
    left: NDArray[np.uint32]

    @classmethod
    def of(cls, colours: NDArray[np.uint8], alpha: NDArray[np.float64]) -> Tint:
        """From (256, 3) red, green, blue and (256,) opacities 0..1."""
        added = np.zeros((256, 4), np.uint8)
        added[:, :3] = np.round(colours[:, ::-1] * alpha[:, None])
        left = np.full((256, 4), 255, np.uint8)
        left[:, :3] = np.round(255 * (1 - alpha))[:, None]
        return cls(added.view(np.uint32)[:, 0], left.view(np.uint32)[:, 0])

    def over(self, picture: Pixels, values: NDArray[np.uint8]) -> Pixels:
        """`picture` (rows, columns, 4) with the colours of `values` (rows, columns) blended over it."""
        # "clip" never clips here: bytes cannot be out of bounds, and NumPy skips the check
        left = np.take(self.left, values, mode="clip").view(np.uint8).reshape(picture.shape)
        added = np.take(self.added, values, mode="clip").view(np.uint8).reshape(picture.shape)
        return np.asarray(cv2.add(cv2.multiply(picture, left, scale=1 / 255), added))


def class_tint(classes: ClassTable, opacity: float, *, background: float = 1.0) -> Tint:
    """Visible classes in their colours; the first class, the background by custom, at `background` times the opacity."""
    colours, alpha = np.zeros((256, 3), np.uint8), np.zeros(256)
    for place, entry in enumerate(classes):
        if entry.visible:
            colours[entry.value] = entry.colour
            alpha[entry.value] = opacity * (background if place == 0 else 1.0)
    return Tint.of(colours, alpha)


def heat_tint(opacity: float) -> Tint:
    """Low values clear, high ones bright: dark violet over red to yellow."""
    strength = np.clip(np.arange(256) / 96, 0, 1)
    return Tint.of(_heat(), np.minimum(1.0, opacity * 1.6) * strength)


def flat_tint(colour: tuple[int, int, int], opacity: float) -> Tint:
    """Clear at 0, one colour at any other value."""
    alpha = np.full(256, opacity)
    alpha[0] = 0
    return Tint.of(np.tile(np.array(colour, np.uint8), (256, 1)), alpha)


@lru_cache(maxsize=1)
def _heat() -> NDArray[np.uint8]:
    """(256, 3) red, green, blue of the inferno map, which keeps its order of brightness for colour-blind readers."""
    ramp = np.arange(256, dtype=np.uint8)[:, None]
    return np.asarray(cv2.applyColorMap(ramp, cv2.COLORMAP_INFERNO)[:, 0, ::-1])
