"""Drawing of a thumbnail: cut to fill its place, or a quiet sign while there is none."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPixmap

from unetstudio.ui.resources import icon
from unetstudio.ui.theme import tokens


def draw_thumbnail(painter: QPainter, place: QRectF, picture: QPixmap | None, *, radius: float, sign: int) -> None:
    """Draw into a rectangle with round corners; `sign` is the edge of the sign in pixels."""
    outline = QPainterPath()
    outline.addRoundedRect(place, radius, radius)
    painter.fillPath(outline, QColor(tokens().pressed))
    if picture is None or picture.isNull():
        square = QRect(0, 0, sign, sign)
        square.moveCenter(place.toRect().center())
        icon("image", QColor(tokens().faint)).paint(painter, square)
        return
    factor = max(place.width() / picture.width(), place.height() / picture.height())
    part = QRectF(0, 0, place.width() / factor, place.height() / factor)
    part.moveCenter(QRectF(picture.rect()).center())
    painter.save()
    painter.setClipPath(outline)
    painter.drawPixmap(place, picture, part)
    painter.restore()
