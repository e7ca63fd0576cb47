"""Pick class: the class under the pointer becomes the active one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from unetstudio.data.stroke import Stroke
from unetstudio.tools.tool import TOOLS, Drag, Pointer, Tool, Touched


@TOOLS.register("pick")
@dataclass(frozen=True)
class Pick(Tool):
    """Changes no label; whoever holds the active class reads the label at the pointer."""

    title: ClassVar[str] = "Pick class"
    shortcut: ClassVar[str] = "I"
    icon: ClassVar[str] = "pick"
    hint: ClassVar[str] = "Click a label to make its class the active one."
    picks: ClassVar[bool] = True

    def drag(self, stroke: Stroke, at: Pointer) -> Drag:
        del stroke, at
        yield Touched(done=True)
