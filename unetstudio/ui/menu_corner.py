"""The buttons at the right end of the menu bar: theme, keys and export."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from unetstudio.ui.actions import Actions

SHOWN = ("theme", "keys", "export")


class MenuCorner(QWidget):
    """Buttons for some commands of the menus; not shown on macOS."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 8, 0)
        layout.setSpacing(2)
        for name in SHOWN:
            button = QToolButton()
            button.setDefaultAction(actions[name])
            button.setIconSize(QSize(16, 16))
            button.setProperty("role", "corner")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAccessibleName(actions[name].text())
            layout.addWidget(button)
            if name == "export":
                button.setProperty("role", "corner-words")
                button.setText("Export")
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
