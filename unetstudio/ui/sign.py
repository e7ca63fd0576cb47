"""A small icon beside words, in a colour of the theme."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from unetstudio.ui.resources import icon
from unetstudio.ui.theme import tokens


class Sign(QWidget):
    """The icon; `token` names the colour in theme.Tokens; a disabled one is pale, one without a name is empty."""

    def __init__(self, name: str = "", edge: int = 16, token: str = "muted", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._token = token
        self.setFixedSize(edge, edge)

    def show_sign(self, name: str, token: str) -> None:
        """Show another icon or colour."""
        self._name, self._token = name, token
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._name:
            colour = QColor(getattr(tokens(), self._token) if self.isEnabled() else tokens().faint)
            icon(self._name, colour).paint(QPainter(self), self.rect())
