"""Colours blended over the picture by value: classes, filled or as outlines, and heat maps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from unetstudio.data.classes import ClassTable
from unetstudio.data.labels import UNLABELLED
from unetstudio.ui.canvas.view import Box, PixelGrid, View

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Tint:
    """A table of 256 colours with their opacity, prepared for blending: (256,) uint32 of blue, green, red bytes each."""

    added: NDArray[np.uint32]
    remaining: NDArray[np.uint32]

    @classmethod
    def of(cls, colours: NDArray[np.uint8], alpha: NDArray[np.float64]) -> Tint:
        """Make a table from (256, 3) red, green, blue and (256,) opacities 0..1."""
        added = np.zeros((256, 4), np.uint8)
        added[:, :3] = np.round(colours[:, ::-1] * alpha[:, None])
        remaining = np.full((256, 4), 255, np.uint8)
        remaining[:, :3] = np.round(255 * (1 - alpha))[:, None]
        return cls(added.view(np.uint32)[:, 0], remaining.view(np.uint32)[:, 0])

    def over(self, picture: Pixels, values: NDArray[np.uint8]) -> Pixels:
        """Return `picture` (rows, columns, 4) with the colours of `values` (rows, columns) blended over it."""
        # "clip" never clips here: bytes cannot be out of bounds, and NumPy skips the check
        remaining = np.take(self.remaining, values, mode="clip").view(np.uint8).reshape(picture.shape)
        added = np.take(self.added, values, mode="clip").view(np.uint8).reshape(picture.shape)
        return np.asarray(cv2.add(cv2.multiply(picture, remaining, scale=1 / 255), added))


def draw_classes(
    picture: Pixels,
    view: View,
    box: Box,
    plane: NDArray[np.uint8],
    classes: ClassTable,
    opacity: float,
    *,
    outlined: bool,
    background: float = 1.0,
    cell: tuple[int, int] = (1, 1),
) -> Pixels:
    """Return `picture` of a box with a plane of class values over it; the plane's cells hold `cell` voxels.

    The first class, the background by custom, is filled at `background` times the opacity, and outlined at 1 only.
    """
    if not outlined:
        values = PixelGrid(view, box).pixels(plane, *cell)
        return picture if values.min() == UNLABELLED else class_tint(classes, opacity, background=background).over(picture, values)
    line = outline_width(view)
    wide = box.grown(line) & view.image
    values = PixelGrid(view, wide).pixels(plane, *cell)
    if values.min() == UNLABELLED:
        return picture
    values = edges(np.where(_visible(classes)[values], values, np.uint8(UNLABELLED)), line)
    top, left = box.top - wide.top, box.left - wide.left
    values = values[top : top + box.bottom - box.top, left : left + box.right - box.left]
    strength = 0.0 if opacity == 0 else 0.4 + 0.6 * opacity
    return class_tint(classes, strength, background=float(background == 1)).over(picture, values)


def outline_width(view: View) -> int:
    """Return the width of outlines in device pixels."""
    return max(1, round(1.5 * view.ratio))


def edges(values: NDArray[np.uint8], line: int) -> NDArray[np.uint8]:
    """Return the values of pixels within `line` pixels of another value; UNLABELLED elsewhere."""
    near = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * line + 1, 2 * line + 1))
    flat = cv2.dilate(values, near) == cv2.erode(values, near)
    return np.where(flat, np.uint8(UNLABELLED), values)


def class_tint(classes: ClassTable, opacity: float, *, background: float = 1.0) -> Tint:
    """Return the colours of the visible classes; the first class, the background by custom, at `background` times the opacity."""
    colours, alpha = np.zeros((256, 3), np.uint8), np.zeros(256)
    for place, entry in enumerate(classes):
        if entry.visible:
            colours[entry.value] = entry.colour
            alpha[entry.value] = opacity * (background if place == 0 else 1.0)
    return Tint.of(colours, alpha)


def heat_tint(opacity: float) -> Tint:
    """Return a heat scale: low values clear, high ones bright, from dark violet over red to yellow."""
    strength = np.clip(np.arange(256) / 96, 0, 1)
    return Tint.of(_heat(), np.minimum(1.0, opacity * 1.6) * strength)


def flat_tint(colour: tuple[int, int, int], opacity: float) -> Tint:
    """Return a scale that is clear at 0 and has one colour at any other value."""
    alpha = np.full(256, opacity)
    alpha[0] = 0
    return Tint.of(np.tile(np.array(colour, np.uint8), (256, 1)), alpha)


def _visible(classes: ClassTable) -> NDArray[np.bool_]:
    """Return which values belong to a visible class, (256,) bool."""
    shown = np.zeros(256, np.bool_)
    shown[[entry.value for entry in classes if entry.visible]] = True
    return shown


@lru_cache(maxsize=1)
def _heat() -> NDArray[np.uint8]:
    """Return the inferno colour map, (256, 3) red, green, blue, which keeps its order of brightness for colour-blind readers."""
    ramp = np.arange(256, dtype=np.uint8)[:, None]
    return np.asarray(cv2.applyColorMap(ramp, cv2.COLORMAP_INFERNO)[:, 0, ::-1])
