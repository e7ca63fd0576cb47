"""The fill tool: gives the connected region of equal label under the pointer, in this slice, the active class."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from unetstudio.tools.tool import TOOLS, Drag, Tool, ToolContext, Touched


@TOOLS.register("fill")
@dataclass(frozen=True)
class Fill(Tool):
    """Fills a region whose voxels share edges, so that an outline one voxel thin does not leak at its diagonals."""

    title: ClassVar[str] = "Fill"
    shortcut: ClassVar[str] = "G"
    icon: ClassVar[str] = "fill"
    hint: ClassVar[str] = "Click inside a painted outline or on a painted region to fill it."

    def drag(self, context: ToolContext) -> Drag:
        row, column = math.floor(context.press.row + 0.5), math.floor(context.press.column + 0.5)
        rows, columns = context.shape
        if not (context.plane.lies_in(context.stroke.labels.shape) and 0 <= row < rows and 0 <= column < columns):
            yield Touched(done=True)
            return
        labels = np.ascontiguousarray(context.plane.of(context.stroke.labels.values))
        filled = np.zeros((rows + 2, columns + 2), np.uint8)
        flags = 4 | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE | (1 << 8)
        _, _, _, (left, top, width, height) = cv2.floodFill(labels, filled, (column, row), 0, 0, 0, flags)
        mask = filled[top + 1 : top + 1 + height, left + 1 : left + 1 + width].view(np.bool_)
        yield Touched(context.paint((top, left), mask), done=True)
