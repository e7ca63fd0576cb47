"""A part of a panel that is folded away at first."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from unetstudio.ui.resources import icon


class Fold(QWidget):
    """A title with an arrow over `body`, which is shown when the title is clicked."""

    toggled = Signal(bool)

    def __init__(self, title: str, body: QWidget, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.body = body
        self.button = QToolButton()
        self.button.setObjectName(f"{name}_button")
        self.button.setProperty("role", "fold")
        self.button.setText(title)
        self.button.setCheckable(True)
        self.button.setAutoRaise(True)
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.toggled.connect(self._fold)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.button)
        column.addWidget(body)
        self._fold(False)

    def _fold(self, open_: bool) -> None:
        self.button.setIcon(icon("chevron-down" if open_ else "chevron-right", lights_up=False))
        self.body.setVisible(open_)
        self.toggled.emit(open_)
