"""Class values as colours over the picture, filled or as outlines."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from unetstudio.data.classes import ClassTable
from unetstudio.data.labels import UNLABELLED
from unetstudio.ui.canvas.colours import Pixels, class_tint
from unetstudio.ui.canvas.view import Box, PixelGrid, View


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
    """`picture` of a box with a plane of class values over it; the plane's cells hold `cell` voxels.

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
    """Width of outlines in device pixels."""
    return max(1, round(1.5 * view.ratio))


def edges(values: NDArray[np.uint8], line: int) -> NDArray[np.uint8]:
    """The values of pixels within `line` pixels of another value; UNLABELLED elsewhere."""
    near = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * line + 1, 2 * line + 1))
    flat = cv2.dilate(values, near) == cv2.erode(values, near)
    return np.where(flat, np.uint8(UNLABELLED), values)


def _visible(classes: ClassTable) -> NDArray[np.bool_]:
    """(256,) bool: values whose class is shown."""
    shown = np.zeros(256, np.bool_)
    shown[[entry.value for entry in classes if entry.visible]] = True
    return shown
