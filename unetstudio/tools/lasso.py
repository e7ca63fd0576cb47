"""The lasso: an outline drawn freehand, filled on release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from unetstudio.data.stroke import Stroke
from unetstudio.tools.outline import paint_inside
from unetstudio.tools.tool import TOOLS, Drag, Point, Pointer, Tool, Touched


@TOOLS.register("lasso")
@dataclass(frozen=True)
class Lasso(Tool):
    """The end is joined to the beginning by a straight line."""

    title: ClassVar[str] = "Lasso"
    shortcut: ClassVar[str] = "L"
    icon: ClassVar[str] = "lasso"
    hint: ClassVar[str] = "Drag round a region; it is filled on release."

    def drag(self, stroke: Stroke, at: Pointer) -> Drag:
        corners: list[Point] = [(at.row, at.column)]
        try:
            following: Pointer | None = at
            while following is not None:
                if (here := (following.row, following.column)) != corners[-1]:
                    corners.append(here)
                following = yield Touched(outline=tuple(corners))
        finally:  # release closes the drag; after Escape the stroke is rolled back and this with it
            paint_inside(stroke, at, corners)
