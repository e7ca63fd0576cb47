"""The eraser: makes voxels unlabelled again, with its own size."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from unetstudio.tools.brush import MAX_SIZE, sweep
from unetstudio.tools.tool import TOOLS, Drag, Tool, ToolContext


@TOOLS.register("eraser")
@dataclass(frozen=True)
class Eraser(Tool):
    """Erases any class but locked ones."""

    title: ClassVar[str] = "Eraser"
    shortcut: ClassVar[str] = "E"
    icon: ClassVar[str] = "eraser"
    hint: ClassVar[str] = "Drag to erase labels; [ and ] change the size."
    erases: ClassVar[bool] = True

    size: int = field(
        default=24, metadata={"label": "Size", "minimum": 1, "maximum": MAX_SIZE, "step": 1, "unit": "px", "help": "Diameter"}
    )

    def drag(self, context: ToolContext) -> Drag:
        yield from sweep(context, self.size)
