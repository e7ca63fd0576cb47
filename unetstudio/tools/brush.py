"""The brush: paints the active class along the path of the pointer, in capsules, so that fast moves leave no gaps."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.plane import relative_pitch
from unetstudio.tools.tool import TOOLS, Drag, Point, Pointer, Tool, ToolContext, Touched

MAX_SIZE = 512
"""Largest brush diameter in voxels."""


@TOOLS.register("brush")
@dataclass(frozen=True)
class Brush(Tool):
    """A brush that is round on the screen and in the patient, whatever the voxel's shape."""

    title: ClassVar[str] = "Brush"
    shortcut: ClassVar[str] = "B"
    icon: ClassVar[str] = "brush"
    hint: ClassVar[str] = "Drag to paint the active class; [ and ] change the size."

    size: int = field(
        default=12, metadata={"label": "Size", "minimum": 1, "maximum": MAX_SIZE, "step": 1, "unit": "px", "help": "Diameter"}
    )

    def drag(self, context: ToolContext) -> Drag:
        yield from sweep(context, self.size)


def sweep(context: ToolContext, size: int) -> Drag:
    """Paint a disc under the press and a capsule for each move; `size` is the diameter in voxels of the finer spacing."""
    press = context.press
    half = half_axes(size, press.spacing)
    here = snapped((press.row, press.column), half)
    there: Point | None = here
    while there is not None:
        corner, mask = capsule(here, there, half, context.shape)
        here = there
        at = yield Touched(context.paint(corner, mask))
        there = None if at is None else snapped((at.row, at.column), half)


def half_axes(size: int, spacing: tuple[float, float]) -> tuple[float, float]:
    """Return half height and half width of the brush in voxels: round in the patient, and nowhere thinner than a voxel."""
    rows, columns = relative_pitch(spacing)
    size = min(max(size, 1), MAX_SIZE)
    return max(0.5, size / 2 / rows), max(0.5, size / 2 / columns)


def snapped(point: Point, half: tuple[float, float]) -> Point:
    """Return the brush's centre: a voxel's centre for an odd diameter, a corner for an even one, so that a brush of n covers n voxels."""
    row, column = (math.floor(p + 0.5) if round(2 * h) % 2 else math.floor(p) + 0.5 for p, h in zip(point, half, strict=True))
    return row, column


def outline(at: Pointer, size: int) -> tuple[Point, tuple[float, float]]:
    """Return centre and half axes of the brush under a pointer, for its preview."""
    half = half_axes(size, at.spacing)
    return snapped((at.row, at.column), half), half


def capsule(start: Point, stop: Point, half: tuple[float, float], within: tuple[int, int]) -> tuple[tuple[int, int], NDArray[np.bool_]]:
    """Return corner and mask of the voxels within the brush's ellipse on the path from `start` to `stop`, clipped to a plane of
    `within`."""
    top, bottom = _span(start[0], stop[0], half[0], within[0])
    left, right = _span(start[1], stop[1], half[1], within[1])
    # In units of the half axes the ellipse is a circle of radius 1, and the capsule is all points within 1 of the segment.
    rows = ((np.arange(top, bottom, dtype=np.float32) - start[0]) / half[0])[:, None]
    columns = ((np.arange(left, right, dtype=np.float32) - start[1]) / half[1])[None, :]
    down, across = (stop[0] - start[0]) / half[0], (stop[1] - start[1]) / half[1]
    length = down * down + across * across
    if length:
        along = np.clip((rows * down + columns * across) / length, 0, 1)
        rows, columns = rows - along * down, columns - along * across
    return (top, left), rows * rows + columns * columns <= 1 + 1e-5


def _span(a: float, b: float, half: float, end: int) -> tuple[int, int]:
    """Return the first voxel and one past the last of the bounding box on one axis, clipped to 0..end."""
    first = min(max(math.ceil(min(a, b) - half), 0), end)
    return first, max(first, min(math.floor(max(a, b) + half) + 1, end))
