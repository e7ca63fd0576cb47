"""The position of the plane on the screen: the only module that converts voxels to pixels and back.

Positions in the plane are (row, column) with voxel centres at integers. Screen positions are (x, y): logical ones as in Qt's events, device
ones as in the buffer. A device pixel n covers n to n + 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.plane import Rectangle, relative_pitch

MARGIN = 0.02
"""Part of the widget left free on each side by `fit`."""

MOST = 96.0
"""Largest number of device pixels per voxel."""

LEAST_SEEN = 48.0
"""Device pixels of the image that stay visible, however far it is moved."""

Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of device pixels, half open."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def empty(self) -> bool:
        """Whether it holds no pixel."""
        return self.right <= self.left or self.bottom <= self.top

    @property
    def slices(self) -> tuple[slice, slice]:
        """The index of the box in a (height, width, ...) buffer."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def grown(self, margin: int) -> Box:
        """Return the box enlarged by `margin` on all sides."""
        return Box(self.left - margin, self.top - margin, self.right + margin, self.bottom + margin)

    def __and__(self, other: Box) -> Box:
        left, top = max(self.left, other.left), max(self.top, other.top)
        return Box(left, top, max(left, min(self.right, other.right)), max(top, min(self.bottom, other.bottom)))


@dataclass
class View:
    """The view of one plane: `extents` (rows, columns) and voxel `spacing` in mm, at `scale` device pixels per voxel of the finer one.

    Where `flipped`, rows count upwards on the screen or columns to the left: a patient's head is up however the file stores it.
    """

    extents: tuple[int, int] = (1, 1)
    spacing: tuple[float, float] = (1.0, 1.0)
    flipped: tuple[bool, bool] = (False, False)
    size: tuple[int, int] = (1, 1)  # width and height of the buffer in device pixels
    ratio: float = 1.0  # device pixels per logical pixel
    scale: float = 1.0
    centre: tuple[float, float] = (0.0, 0.0)  # (row, column) in the middle of the widget
    fitted: bool = True  # stays fitted when the widget changes its size

    @property
    def pitch(self) -> tuple[float, float]:
        """Device pixels per (row, column)."""
        rows, columns = relative_pitch(self.spacing)
        return self.scale * rows, self.scale * columns

    @property
    def step(self) -> tuple[float, float]:
        """Device pixels down per row and right per column; negative where flipped."""
        down, across = self.pitch
        return (-down if self.flipped[0] else down), (-across if self.flipped[1] else across)

    # ------------------------------------------------------------------------------------------------------ commands

    def fit(self) -> None:
        """Show the whole plane, as large as the widget allows."""
        rows, columns = relative_pitch(self.spacing)
        width, height = (n * (1 - 2 * MARGIN) for n in self.size)
        self.scale = min(width / (self.extents[1] * columns), height / (self.extents[0] * rows), MOST)
        self.centre = ((self.extents[0] - 1) / 2, (self.extents[1] - 1) / 2)
        self.fitted = True

    def zoom_to(self, scale: float, at: tuple[float, float] | None = None) -> None:
        """Change the scale; the voxel at the device position `at` (the middle by default) stays where it is."""
        x, y = at or (self.size[0] / 2, self.size[1] / 2)
        row, column = self.voxel(x, y)
        self.scale = min(max(scale, self._least()), MOST)
        down, across = self.step
        self.centre = (row - (y - self.size[1] / 2) / down, column - (x - self.size[0] / 2) / across)
        self.fitted = False
        self._keep_in_sight()

    def zoom_by(self, factor: float, at: tuple[float, float] | None = None) -> None:
        """Multiply the scale, about a device position as `zoom_to` does; stops at 100 % on the way past it."""
        scale = self.scale * factor
        self.zoom_to(1.0 if (self.scale - 1) * (scale - 1) < -1e-9 else scale, at)

    def pan(self, right: float, down: float) -> bool:
        """Move the image by device pixels; returns whether it moved by exactly that, and was not stopped to stay visible."""
        x, y = self.device(0, 0)
        rows, columns = self.step
        self.centre = (self.centre[0] - down / rows, self.centre[1] - right / columns)
        self.fitted = False
        self._keep_in_sight()
        moved_x, moved_y = self.device(0, 0)
        return abs(moved_x - x - right) + abs(moved_y - y - down) < 1e-6

    def resize(self, size: tuple[int, int], ratio: float) -> None:
        """Change the size of the widget, in device pixels; a fitted plane stays fitted."""
        self.size, self.ratio = size, ratio
        if self.fitted:
            self.fit()

    # ------------------------------------------------------------------------------------------------ voxels and pixels

    def voxel(self, x: float, y: float) -> tuple[float, float]:
        """Return the (row, column) at a device position."""
        down, across = self.step
        return self.centre[0] + (y - self.size[1] / 2) / down, self.centre[1] + (x - self.size[0] / 2) / across

    def device(self, row: float, column: float) -> tuple[float, float]:
        """Return the device position (x, y) of a voxel."""
        down, across = self.step
        return self.size[0] / 2 + (column - self.centre[1]) * across, self.size[1] / 2 + (row - self.centre[0]) * down

    def voxel_under(self, x: float, y: float) -> tuple[float, float]:
        """Return the (row, column) under a pointer at a logical position, in the middle of its pixel."""
        return self.voxel(x * self.ratio + 0.5, y * self.ratio + 0.5)

    def logical(self, row: float, column: float) -> tuple[float, float]:
        """Return the logical position (x, y) of a voxel."""
        x, y = self.device(row, column)
        return x / self.ratio, y / self.ratio

    @property
    def screen(self) -> Box:
        """All pixels of the buffer."""
        return Box(0, 0, *self.size)

    @property
    def image(self) -> Box:
        """Pixels whose middle shows a voxel, also beyond the screen."""
        x0, y0, x1, y1 = self._corners(0, 0, *self.extents)
        # Half way between two voxels a pixel shows the later one, which is the other neighbour where flipped.
        up, left = (_after if flipped else _from for flipped in self.flipped)
        return Box(left(x0), up(y0), left(x1), up(y1))

    @property
    def covered(self) -> Box:
        """Pixels of the screen that show a voxel."""
        return self.image & self.screen

    def touched(self, top: int, left: int, bottom: int, right: int) -> Box:
        """Return the pixels that may show any part of these voxels, also where several voxels share a pixel."""
        x0, y0, x1, y1 = self._corners(top, left, bottom, right)
        return Box(math.floor(x0), math.floor(y0), math.ceil(x1), math.ceil(y1)) & self.screen

    def rows(self, box: Box) -> Indices:
        """Return the row that each pixel row of a box shows, kept within the plane."""
        return _within(self.voxel(0, 0)[0] + 0.5 + (np.arange(box.top, box.bottom) + 0.5) / self.step[0], self.extents[0])

    def columns(self, box: Box) -> Indices:
        """Return the column that each pixel column of a box shows, kept within the plane."""
        return _within(self.voxel(0, 0)[1] + 0.5 + (np.arange(box.left, box.right) + 0.5) / self.step[1], self.extents[1])

    def visible(self) -> Rectangle:
        """Return top, left, bottom, right of the voxels on the screen."""
        corners = [self.voxel(0, 0), self.voxel(*self.size)]
        spans = []
        for places, extent in zip(zip(*corners, strict=True), self.extents, strict=True):
            first = min(max(math.floor(min(places) + 0.5), 0), extent - 1)
            spans.append((first, min(max(math.floor(max(places) + 0.5) + 1, first + 1), extent)))
        (top, bottom), (left, right) = spans
        return top, left, bottom, right

    def _corners(self, top: int, left: int, bottom: int, right: int) -> tuple[float, float, float, float]:
        """Return left, top, right, bottom in device pixels of the voxels top <= row < bottom, left <= column < right."""
        (xa, ya), (xb, yb) = self.device(top - 0.5, left - 0.5), self.device(bottom - 0.5, right - 0.5)
        return min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb)

    def _least(self) -> float:
        """Return the smallest useful scale: the plane on a tenth of the widget, or its fit if that is larger still."""
        rows, columns = relative_pitch(self.spacing)
        return min(1.0, 0.1 * min(self.size[0] / (self.extents[1] * columns), self.size[1] / (self.extents[0] * rows)))

    def _keep_in_sight(self) -> None:
        """Keep a part of the image on the widget."""
        centre = []
        for place, extent, pitch, size in zip(self.centre, self.extents, self.pitch, self.size[::-1], strict=True):
            beyond = max(0.0, size / 2 - LEAST_SEEN) / pitch
            centre.append(min(max(place, -0.5 - beyond), extent - 0.5 + beyond))
        self.centre = (centre[0], centre[1])


class PixelGrid:
    """The voxels shown by the pixels of a box; values are taken in two steps, so that each voxel is computed once."""

    def __init__(self, view: View, box: Box) -> None:
        self._rows, self._columns = view.rows(box), view.columns(box)
        self._stretched = tuple(pitch >= 1 for pitch in view.pitch)

    def pick(self, plane: NDArray[Any], down: int = 1, across: int = 1) -> NDArray[Any]:
        """Return the values shown, once each, of a plane whose cells hold `down` x `across` voxels."""
        rows, columns = self._rows // down, self._columns // across
        (top, bottom), (left, right) = _ends(rows), _ends(columns)
        plane = plane[top : bottom + 1, left : right + 1]
        if not self._stretched[0]:
            plane = np.take(plane, rows - top, axis=0)
        return plane if self._stretched[1] else np.take(plane, columns - left, axis=1)

    def spread(self, values: NDArray[Any]) -> NDArray[Any]:
        """Expand values from `pick`, or values computed from them, to the pixels of the box."""
        for axis, places in ((1, self._columns), (0, self._rows)):
            first, last = _ends(places)
            once = last - first + 1 == len(places) and places[0] == first
            if self._stretched[axis] and not once:
                values = np.take(values, places - first, axis=axis)
        return values

    def pixels(self, plane: NDArray[Any], down: int = 1, across: int = 1) -> NDArray[Any]:
        """Return the value of each pixel."""
        return self.spread(self.pick(plane, down, across))


def _within(edges: NDArray[np.floating[Any]], extent: int) -> Indices:
    """Return the voxel at each place on an axis, measured from the plane's edge; kept within the plane."""
    indices: Indices = np.clip(np.floor(edges), 0, extent - 1).astype(np.intp)
    return indices


def _from(edge: float) -> int:
    """Return the first pixel whose middle is on the edge or past it."""
    return math.ceil(edge - 0.5)


def _after(edge: float) -> int:
    """Return the first pixel whose middle is past the edge."""
    return math.floor(edge - 0.5) + 1


def _ends(indices: Indices) -> tuple[int, int]:
    """Return the smallest and largest of indices that only rise or only fall."""
    first, last = int(indices[0]), int(indices[-1])
    return (first, last) if first <= last else (last, first)
