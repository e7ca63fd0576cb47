"""The lasso: an outline drawn freehand, filled on release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from unetstudio.tools.outline import paint_inside
from unetstudio.tools.tool import TOOLS, Drag, Point, Pointer, Tool, ToolContext, Touched


@TOOLS.register("lasso")
@dataclass(frozen=True)
class Lasso(Tool):
    """A freehand outline whose end is joined to its beginning by a straight line."""

    title: ClassVar[str] = "Lasso"
    shortcut: ClassVar[str] = "L"
    icon: ClassVar[str] = "lasso"
    hint: ClassVar[str] = "Drag round a region; it is filled on release."

    def drag(self, context: ToolContext) -> Drag:
        at: Pointer | None = context.press
        corners: list[Point] = [(context.press.row, context.press.column)]
        try:
            while at is not None:
                if (here := (at.row, at.column)) != corners[-1]:
                    corners.append(here)
                at = yield Touched(outline=tuple(corners))
        finally:  # release closes the drag; after Escape the stroke is rolled back, this paint included
            paint_inside(context, corners)
