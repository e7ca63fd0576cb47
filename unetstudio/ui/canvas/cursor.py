"""What follows the pointer: the brush's ring and the outline in hand, visible on any image because a light line runs inside a dark one."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from unetstudio.tools.sweep import outline
from unetstudio.tools.tool import Point, Pointer
from unetstudio.ui.canvas.view import View

DARK, LIGHT = QColor(0, 0, 0, 170), QColor(255, 255, 255, 235)
PEN = 3
"""Width in logical pixels of the dark line."""

LARGE = 120.0
"""Logical pixels across, from which on a ring is not smoothed."""

CORNER = 3.0
"""Radius in logical pixels of a polygon's corners."""


def ring(view: View, at: Pointer, size: int) -> QRectF:
    """Where the brush of `size` would paint, in logical pixels."""
    (row, column), (half_row, half_column) = outline(at, size)
    x0, y0 = view.logical(row - half_row, column - half_column)
    x1, y1 = view.logical(row + half_row, column + half_column)
    return QRectF(x0, y0, x1 - x0, y1 - y0).normalized()


def draw_ring(painter: QPainter, ellipse: QRectF) -> None:
    """The ring; a large one as two plain lines, because smoothing one takes longer than painting with it."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if max(ellipse.width(), ellipse.height()) > LARGE:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for colour, inset in ((DARK, -1), (LIGHT, 0), (DARK, 1)):
            painter.setPen(QPen(colour, 0))
            painter.drawEllipse(ellipse.adjusted(inset, inset, -inset, -inset))
        return
    for colour, width in ((DARK, PEN + 0.5), (LIGHT, 1.5)):
        painter.setPen(QPen(colour, width))
        painter.drawEllipse(ellipse)


def draw_outline(painter: QPainter, view: View, points: tuple[Point, ...], corners: bool) -> None:
    """The lasso or polygon in hand; a polygon also shows its corners."""
    line = _line(view, points)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((DARK, PEN + 0.5), (LIGHT, 1.5)):
        painter.setPen(QPen(colour, width))
        painter.drawPolyline(line)
    if corners:
        painter.setPen(QPen(DARK, 1))
        painter.setBrush(LIGHT)
        for n in range(line.size()):
            painter.drawEllipse(line.at(n), CORNER, CORNER)


def around(view: View, points: tuple[Point, ...]) -> QRect:
    """The logical rectangle that `draw_outline` draws in."""
    return padded(_line(view, points).boundingRect()) if points else QRect()


def padded(rect: QRectF) -> QRect:
    """A logical rectangle with room for pens and corners."""
    left, top = math.floor(rect.left()) - PEN - 2, math.floor(rect.top()) - PEN - 2
    return QRect(left, top, math.ceil(rect.right()) + PEN + 2 - left, math.ceil(rect.bottom()) + PEN + 2 - top)


def _line(view: View, points: tuple[Point, ...]) -> QPolygonF:
    return QPolygonF([QPointF(*view.logical(*point)) for point in points])
