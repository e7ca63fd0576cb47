"""A class colour as a small rounded square, for menus and buttons."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap

from unetstudio.data.classes import Colour
from unetstudio.data.palette import contrast_text_colour


def swatch(colour: Colour, edge: int = 16, *, current: bool = False) -> QIcon:
    """Return an icon of `edge` logical pixels, with a dot when it is the current colour."""
    pixmap = QPixmap(2 * edge, 2 * edge)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(*colour))
    painter.drawRoundedRect(QRectF(2, 2, edge - 4, edge - 4), edge / 6, edge / 6)
    if current:
        painter.setBrush(QColor(*contrast_text_colour(colour)))
        painter.drawEllipse(QRectF(edge / 2 - 3, edge / 2 - 3, 6, 6))
    painter.end()
    return QIcon(pixmap)
