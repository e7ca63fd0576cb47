"""The polygon: set corner by corner, filled when it is closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from unetstudio.data.plane import relative_pitch
from unetstudio.tools.outline import paint_inside
from unetstudio.tools.tool import TOOLS, Drag, Point, Pointer, Tool, ToolContext, Touched


@TOOLS.register("polygon")
@dataclass(frozen=True)
class Polygon(Tool):
    """A polygon closed by a click on the first corner, a double click or Enter."""

    title: ClassVar[str] = "Polygon"
    shortcut: ClassVar[str] = "P"
    icon: ClassVar[str] = "polygon"
    hint: ClassVar[str] = "Click the corners; Enter, a double click or the first corner closes it."
    clicks: ClassVar[bool] = True

    def drag(self, context: ToolContext) -> Drag:
        corners: list[Point] = [(context.press.row, context.press.column)]
        at = yield Touched(outline=tuple(corners))
        while at is not None:
            here = (at.row, at.column)
            if not at.pressed:
                at = yield Touched(outline=(*corners, here))
            elif len(corners) > 2 and _near(at, corners[0]):
                yield Touched(paint_inside(context, corners), done=True)
                return
            else:
                if not _near(at, corners[-1]):  # the second press of a double click is not a new corner
                    corners.append(here)
                at = yield Touched(outline=tuple(corners))
        yield Touched(paint_inside(context, corners), done=True)


def _near(at: Pointer, corner: Point) -> bool:
    """Return whether a click at the pointer is meant for the corner."""
    rows, columns = relative_pitch(at.spacing)
    return ((at.row - corner[0]) * rows) ** 2 + ((at.column - corner[1]) * columns) ** 2 <= at.reach**2
