"""The fill: gives the active class to the connected region of equal label under the pointer, in this slice."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from unetstudio.data.stroke import Stroke
from unetstudio.tools.plane import paint, values_under
from unetstudio.tools.tool import TOOLS, Drag, Pointer, Tool, Touched


@TOOLS.register("fill")
@dataclass(frozen=True)
class Fill(Tool):
    """Neighbours share an edge, so that an outline of a brush of one voxel does not leak at its diagonals."""

    title: ClassVar[str] = "Fill"
    shortcut: ClassVar[str] = "G"
    icon: ClassVar[str] = "fill"
    hint: ClassVar[str] = "Click inside a painted outline or on a painted region to fill it."

    def drag(self, stroke: Stroke, at: Pointer) -> Drag:
        plane = np.ascontiguousarray(values_under(stroke.labels.values, at))
        row, column = math.floor(at.row + 0.5), math.floor(at.column + 0.5)
        if not (0 <= row < plane.shape[0] and 0 <= column < plane.shape[1]):
            yield Touched(done=True)
            return
        found = np.zeros((plane.shape[0] + 2, plane.shape[1] + 2), np.uint8)
        flags = 4 | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE | (1 << 8)
        _, _, _, (left, top, width, height) = cv2.floodFill(plane, found, (column, row), 0, 0, 0, flags)
        mask = found[top + 1 : top + 1 + height, left + 1 : left + 1 + width].view(np.bool_)
        yield Touched(paint(stroke, at, (top, left), mask), done=True)
