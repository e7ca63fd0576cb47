"""The use of the left button on the canvas: one of the tools with its options, or a mode that changes no label."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from unetstudio.tools.tool import TOOLS, SizedTool, Tool
from unetstudio.ui.canvas.modes import MODES, Mode


class ToolChoice(QObject):
    """The tools by name, with their options, and the chosen tool or mode."""

    chosen = Signal(str)  # name of a tool or mode
    options_changed = Signal(str)  # name of a tool

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tools: dict[str, Tool] = {name: kind() for name, kind in TOOLS.items()}
        self.name = "brush"
        self.before = "brush"  # the tool or mode chosen before

    def __getitem__(self, name: str) -> Tool:
        return self._tools[name]

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that can be chosen, in the order of the tool bar."""
        return (*self._tools, *MODES)

    @property
    def tool(self) -> Tool | None:
        """The chosen tool; None in a mode."""
        return self._tools.get(self.name)

    @property
    def mode(self) -> Mode | None:
        """The chosen mode; None with a tool."""
        return MODES.get(self.name)

    @property
    def size(self) -> int | None:
        """Diameter of the chosen tool in voxels; None when it has none."""
        return self.tool.size if isinstance(self.tool, SizedTool) else None

    @property
    def hint(self) -> str:
        """A sentence on how to use the chosen tool or mode."""
        return MODES[self.name].hint if self.name in MODES else self._tools[self.name].hint

    def choose(self, name: str) -> None:
        """Choose another tool or mode."""
        if name != self.name:
            self.before, self.name = self.name, name
            self.chosen.emit(name)

    def set_options(self, name: str, **options: Any) -> None:
        """Change a tool's options, such as its size."""
        self._tools[name] = replace(self._tools[name], **options)
        self.options_changed.emit(name)

    def resize(self, size: int) -> None:
        """Change the diameter of the chosen tool in voxels, within its limits; tools without a size are left alone."""
        option = next((field for field in fields(self.tool) if field.name == "size"), None) if self.tool is not None else None
        if option is not None:
            self.set_options(self.name, size=min(max(size, option.metadata["minimum"]), option.metadata["maximum"]))

    def fit(self, side: int) -> None:
        """Shrink brushes that would cover most of a small image at a touch; `side` in voxels."""
        for name, tool in self._tools.items():
            if isinstance(tool, SizedTool) and tool.size > max(3, side // 4):
                self.set_options(name, size=max(3, side // 16))
