"""The picture on the screen, layer over layer: image, prediction, what post-processing removed, the user's labels.

Composes any rectangle of device pixels from the voxels that it shows and from nothing else.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from unetstudio.data.classes import ClassTable
from unetstudio.data.labels import UNLABELLED
from unetstudio.data.prediction import Prediction
from unetstudio.ui.canvas.colours import Pixels, class_tint, flat_tint, heat_tint
from unetstudio.ui.canvas.intensities import coloured, greys
from unetstudio.ui.canvas.planes import ImagePlane, LabelPlane, plane_of
from unetstudio.ui.canvas.view import Box, View
from unetstudio.ui.display import Display, Overlay

BACKGROUND = 0.3
"""The predicted background covers most of an image: its fill is fainter, so that the image stays readable."""

REMOVED = (255, 64, 200)
HATCH = 8
"""Colour and period in device pixels of the stripes over what post-processing removed."""


class Grid:
    """The voxels that the pixels of a box show."""

    def __init__(self, view: View, box: Box) -> None:
        self._rows, self._columns = view.rows(box), view.columns(box)
        self._stretched = tuple(pitch >= 1 for pitch in view.pitch)

    def pick(self, plane: NDArray[Any], down: int = 1, across: int = 1) -> NDArray[Any]:
        """The values shown, once each, of a plane whose cells hold `down` x `across` voxels."""
        rows, columns = self._rows // down, self._columns // across
        (top, bottom), (left, right) = _ends(rows), _ends(columns)
        plane = plane[top : bottom + 1, left : right + 1]
        if not self._stretched[0]:
            plane = np.take(plane, rows - top, axis=0)
        return plane if self._stretched[1] else np.take(plane, columns - left, axis=1)

    def spread(self, values: NDArray[Any]) -> NDArray[Any]:
        """What `pick` gave, or was computed from it, on the pixels: each value as often as it is seen."""
        for axis, places in ((1, self._columns), (0, self._rows)):
            first, last = _ends(places)
            once = last - first + 1 == len(places) and places[0] == first
            if self._stretched[axis] and not once:
                values = np.take(values, places - first, axis=axis)
        return values

    def pixels(self, plane: NDArray[Any], down: int = 1, across: int = 1) -> NDArray[Any]:
        """The value of each pixel."""
        return self.spread(self.pick(plane, down, across))


class Picture:
    """The composed picture in `buffer` (height, width, 4) blue, green, red, 255, beside the bare image in `base`."""

    def __init__(self) -> None:
        self.view = View()
        self.image: ImagePlane | None = None
        self.labels: LabelPlane | None = None
        self.classes = ClassTable()
        self.prediction: Prediction | None = None
        self.segmentation: NDArray[np.uint8] | None = None
        self.removed: NDArray[np.bool_] | None = None
        self.attention: NDArray[np.uint8] | None = None
        self.window = (0.0, 255.0)
        self.inverted = False
        self.surround = (40, 38, 36)  # blue, green, red outside the image
        self.base: Pixels = np.zeros((1, 1, 4), np.uint8)
        self.buffer: Pixels = np.zeros((1, 1, 4), np.uint8)

    def resize(self, buffer: Pixels) -> None:
        """Composes into `buffer` (height, width, 4) from now on, such as the bytes of an image on the screen."""
        self.buffer = buffer
        self.base = np.full(buffer.shape, 255, np.uint8)

    def compose_base(self, box: Box) -> None:
        """Samples the image anew within a box."""
        inside = self.view.covered & box
        if inside != box or self.image is None:
            self.base[box.slices] = (*self.surround, 255)
        if self.image is not None and not inside.empty:
            self.base[inside.slices] = self._sampled(self.image, inside)

    def compose(self, box: Box, display: Display) -> None:
        """Brings the buffer up to date within a box, from the base and the overlays."""
        inside = self.view.covered & box
        if inside != box or self.image is None:
            self.buffer[box.slices] = self.base[box.slices]
        if self.image is None or inside.empty:
            return
        picture = self.base[inside.slices]
        if not display.raw_held:
            picture = self._predicted(picture, inside, display)
            picture = self._labelled(picture, inside, display)
        self.buffer[inside.slices] = picture

    def scroll(self, right: int, down: int, display: Display) -> None:
        """The view moved by whole pixels: keeps what stays on the screen and composes the rest."""
        height, width = self.buffer.shape[:2]
        if abs(right) >= width or abs(down) >= height:
            fresh = [self.view.screen]
        else:
            for pixels in (self.base, self.buffer):
                kept = pixels[max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)].copy()
                pixels[max(0, down) : height - max(0, -down), max(0, right) : width - max(0, -right)] = kept
            beside = Box(0, 0, right, height) if right > 0 else Box(width + right, 0, width, height)
            fresh = [beside, Box(0, 0, width, down) if down > 0 else Box(0, height + down, width, height)]
        margin = self.line if display.outline else 0
        for strip in fresh:
            if not strip.empty:
                box = strip.grown(margin) & self.view.screen
                self.compose_base(box)
                self.compose(box, display)

    # --------------------------------------------------------------------------------------------------------- image

    def _sampled(self, image: ImagePlane, box: Box) -> Pixels:
        """The image in a box: whole voxels when zoomed in, averages when zoomed out."""
        if self.view.scale >= 1:
            grid = Grid(self.view, box)
            picked = [np.ascontiguousarray(grid.pick(plane)) for plane in image.level(0, 0)]
            return grid.spread(coloured([greys(p, *self.window, self.inverted) for p in picked]))
        down, across = (max(0, round(-math.log2(pitch))) for pitch in self.view.pitch)
        return coloured([greys(_averaged(p, self.view, box, down, across), *self.window, self.inverted) for p in image.level(down, across)])

    # ------------------------------------------------------------------------------------------------------ overlays

    def _predicted(self, picture: Pixels, box: Box, display: Display) -> Pixels:
        grid = Grid(self.view, box)
        at = (display.axis, display.index)
        match display.overlay:
            case Overlay.CLASSES if self.segmentation is not None:
                values = plane_of(self.segmentation, *at)
                picture = self._classes(picture, box, values, display.overlay_opacity, display.outline, BACKGROUND)
            case Overlay.PROBABILITY if self.prediction is not None and display.probability_class in self.prediction.values:
                place = self.prediction.values.index(display.probability_class)
                heat = grid.pixels(plane_of(self.prediction.probabilities[place], *at))
                picture = heat_tint(display.overlay_opacity).over(picture, heat)
            case Overlay.UNCERTAINTY if self.prediction is not None:
                channels = [grid.pick(plane_of(p, *at)) for p in self.prediction.probabilities]
                doubt = np.where(grid.pick(plane_of(self.prediction.known, *at)), uncertainty(channels), np.uint8(0))
                picture = heat_tint(display.overlay_opacity).over(picture, grid.spread(doubt))
            case Overlay.ATTENTION if self.attention is not None:
                picture = heat_tint(display.overlay_opacity).over(picture, grid.pixels(plane_of(self.attention, *at)))
        if display.show_removed and self.removed is not None:
            hit = grid.pixels(plane_of(self.removed, *at)) & _stripes(box)
            picture = flat_tint(REMOVED, 0.85).over(picture, hit.view(np.uint8))
        return picture

    def _labelled(self, picture: Pixels, box: Box, display: Display) -> Pixels:
        if self.labels is None or not display.show_labels:
            return picture
        down, across = (2 ** max(0, math.ceil(-math.log2(pitch) - 1e-9)) for pitch in self.view.pitch)
        values = self.labels.reduced(down, across)
        return self._classes(picture, box, values, display.label_opacity, display.outline, 1.0, (down, across))

    def _classes(
        self,
        picture: Pixels,
        box: Box,
        plane: NDArray[np.uint8],
        opacity: float,
        outlined: bool,
        background: float,
        cell: tuple[int, int] = (1, 1),
    ) -> Pixels:
        """A plane of class values over the picture, filled or as outlines."""
        if not outlined:
            values = Grid(self.view, box).pixels(plane, *cell)
            return picture if values.min() == UNLABELLED else class_tint(self.classes, opacity, background=background).over(picture, values)
        wide = box.grown(self.line) & self.view.image
        values = Grid(self.view, wide).pixels(plane, *cell)
        if values.min() == UNLABELLED:
            return picture
        values = edges(np.where(self._visible()[values], values, np.uint8(UNLABELLED)), self.line)
        top, left = box.top - wide.top, box.left - wide.left
        values = values[top : top + box.bottom - box.top, left : left + box.right - box.left]
        strength = 0.0 if opacity == 0 else 0.4 + 0.6 * opacity
        return class_tint(self.classes, strength, background=float(background == 1)).over(picture, values)

    @property
    def line(self) -> int:
        """Width of outlines in device pixels."""
        return max(1, round(1.5 * self.view.ratio))

    def _visible(self) -> NDArray[np.bool_]:
        """(256,) bool: values whose class is shown."""
        shown = np.zeros(256, np.bool_)
        shown[[found.value for found in self.classes if found.visible]] = True
        return shown


def uncertainty(channels: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """255 where the two likeliest classes are equally likely, 0 where the best is certain."""
    best, second = np.zeros_like(channels[0]), np.zeros_like(channels[0])
    for channel in channels:
        second = np.maximum(second, np.minimum(best, channel))
        best = np.maximum(best, channel)
    return np.asarray(255 - (best - second))


def edges(values: NDArray[np.uint8], line: int) -> NDArray[np.uint8]:
    """Only what lies within `line` pixels of another value keeps its own; the rest is UNLABELLED."""
    near = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * line + 1, 2 * line + 1))
    flat = cv2.dilate(values, near) == cv2.erode(values, near)
    return np.where(flat, np.uint8(UNLABELLED), values)


def _averaged(plane: NDArray[Any], view: View, box: Box, down: int, across: int) -> NDArray[Any]:
    """The pixels of a box by linear interpolation in a plane halved `down` and `across` times."""
    cell_rows, cell_columns = 2**down, 2**across
    row, column = view.voxel(box.left + 0.5, box.top + 0.5)
    rows, columns = (row + 0.5) / cell_rows - 0.5, (column + 0.5) / cell_columns - 0.5
    step_rows, step_columns = 1 / (view.step[0] * cell_rows), 1 / (view.step[1] * cell_columns)
    height, width = box.bottom - box.top, box.right - box.left
    # Only the part in sight is handed on: OpenCV's maps reach no further than 32767 pixels.
    top, bottom = sorted((rows, rows + height * step_rows))
    left, right = sorted((columns, columns + width * step_columns))
    top, left = max(0, math.floor(top) - 1), max(0, math.floor(left) - 1)
    part = plane[top : math.ceil(bottom) + 2, left : math.ceil(right) + 2]
    matrix = np.array([[step_columns, 0, columns - left], [0, step_rows, rows - top]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(part, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE))


def _ends(indices: NDArray[np.intp]) -> tuple[int, int]:
    """Smallest and largest of indices that only rise or only fall."""
    first, last = int(indices[0]), int(indices[-1])
    return (first, last) if first <= last else (last, first)


def _stripes(box: Box) -> NDArray[np.bool_]:
    """Diagonal stripes that stay in place when only part of the screen is composed."""
    rows, columns = np.arange(box.top, box.bottom)[:, None], np.arange(box.left, box.right)[None, :]
    return np.asarray((rows + columns) % HATCH < HATCH // 2)
