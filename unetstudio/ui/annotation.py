"""Painting on the open case: tool, active class, the stroke in hand, undo and redo."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from unetstudio.tools.tool import Pointer, Tool


class Annotation(QObject):
    """API (implemented with Session)."""

    labels_touched = Signal(object)  # Region: voxels changed by the stroke in hand; repaint now
    labels_edited = Signal(object)  # Edit applied to the open case's labels (stroke, undo, redo, accept, import); repaint edit.region
    outline_changed = Signal(object)  # tuple of (row, column): lasso or polygon in hand; () when there is none
    history_changed = Signal()  # can_undo / can_redo
    tool_changed = Signal(str)  # name
    options_changed = Signal(str)  # name of the tool whose options (brush size ...) changed
    active_class_changed = Signal(int)  # label value

    tool_name: str  # "brush", "eraser", "polygon", "lasso", "fill", "pick", "pan"
    active_class: int
    tools: dict[str, Tool]  # one instance each, options kept per tool

    def set_tool(self, name: str) -> None: ...
    def set_options(self, name: str, **options: object) -> None: ...
    def set_active_class(self, value: int) -> None: ...
    def press(self, at: Pointer) -> None: ...
    def move(self, at: Pointer) -> None: ...
    def release(self) -> None: ...
    def finish(self) -> None: ...  # Enter or double click in a `clicks` tool
    def cancel(self) -> None: ...  # Escape
    def undo(self) -> None: ...
    def redo(self) -> None: ...
    @property
    def can_undo(self) -> bool: ...
    @property
    def can_redo(self) -> bool: ...
    @property
    def stroke_in_hand(self) -> bool: ...
