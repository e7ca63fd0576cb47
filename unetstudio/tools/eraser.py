"""The eraser: makes voxels unlabelled again, with a size of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from unetstudio.data.stroke import Stroke
from unetstudio.tools.sweep import MAX_SIZE, sweep
from unetstudio.tools.tool import TOOLS, Drag, Pointer, Tool


@TOOLS.register("eraser")
@dataclass(frozen=True)
class Eraser(Tool):
    """Takes any class away but locked ones."""

    title: ClassVar[str] = "Eraser"
    shortcut: ClassVar[str] = "E"
    icon: ClassVar[str] = "eraser"
    hint: ClassVar[str] = "Drag to erase labels; [ and ] change the size."
    erases: ClassVar[bool] = True

    size: int = field(
        default=24, metadata={"label": "Size", "minimum": 1, "maximum": MAX_SIZE, "step": 1, "unit": "px", "help": "Diameter"}
    )

    def drag(self, stroke: Stroke, at: Pointer) -> Drag:
        yield from sweep(stroke, at, self.size)
