"""The polygon: corner by corner, filled when it is closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from unetstudio.data.stroke import Stroke
from unetstudio.tools.outline import paint_inside
from unetstudio.tools.plane import scales
from unetstudio.tools.tool import TOOLS, Drag, Point, Pointer, Tool, Touched


@TOOLS.register("polygon")
@dataclass(frozen=True)
class Polygon(Tool):
    """Closed by a click on the first corner, a double click or Enter."""

    title: ClassVar[str] = "Polygon"
    shortcut: ClassVar[str] = "P"
    icon: ClassVar[str] = "polygon"
    hint: ClassVar[str] = "Click the corners; Enter, a double click or the first corner closes it."
    clicks: ClassVar[bool] = True

    def drag(self, stroke: Stroke, at: Pointer) -> Drag:
        corners: list[Point] = [(at.row, at.column)]
        following = yield Touched(outline=tuple(corners))
        while following is not None:
            here = (following.row, following.column)
            if not following.pressed:
                following = yield Touched(outline=(*corners, here))
            elif len(corners) > 2 and _near(following, corners[0]):
                yield Touched(paint_inside(stroke, at, corners), done=True)
                return
            else:
                if not _near(following, corners[-1]):  # the second press of a double click is no corner of its own
                    corners.append(here)
                following = yield Touched(outline=tuple(corners))
        yield Touched(paint_inside(stroke, at, corners), done=True)


def _near(at: Pointer, corner: Point) -> bool:
    """Whether a click at the pointer is meant for the corner."""
    rows, columns = scales(at.spacing)
    return ((at.row - corner[0]) * rows) ** 2 + ((at.column - corner[1]) * columns) ** 2 <= at.reach**2
