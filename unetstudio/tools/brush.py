"""The brush: paints the active class along the path of the pointer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from unetstudio.tools.sweep import MAX_SIZE, sweep
from unetstudio.tools.tool import TOOLS, Drag, Tool, ToolContext


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
