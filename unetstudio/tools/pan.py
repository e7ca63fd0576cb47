"""Pan: moves the view; it stands among the tools so that it has a button and a key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from unetstudio.data.stroke import Stroke
from unetstudio.tools.tool import TOOLS, Drag, Pointer, Tool, Touched


@TOOLS.register("pan")
@dataclass(frozen=True)
class Pan(Tool):
    """Changes no label; the canvas moves its view instead."""

    title: ClassVar[str] = "Pan"
    shortcut: ClassVar[str] = "H"
    icon: ClassVar[str] = "pan"
    hint: ClassVar[str] = "Drag to move the image; holding Space does the same with any tool."
    moves_view: ClassVar[bool] = True

    def drag(self, stroke: Stroke, at: Pointer) -> Drag:
        del stroke, at
        yield Touched(done=True)
