"""Placement of popups."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QWidget


def open_at(popup: QWidget, corner: QPoint) -> None:
    """Show a popup with its top left at a point of the screen, moved so far that it fits."""
    popup.adjustSize()
    area = popup.screen().availableGeometry()
    x = min(corner.x(), area.right() - popup.width())
    y = min(corner.y(), area.bottom() - popup.height())
    popup.move(max(area.left(), x), max(area.top(), y))
    popup.show()
