"""The marks that follow the pointer: the brush's ring and the current outline. A light line inside a dark one is visible on any image."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from unetstudio.tools.brush import outline
from unetstudio.tools.tool import Point, Pointer
from unetstudio.ui.canvas.view import View

DARK, LIGHT = QColor(0, 0, 0, 170), QColor(255, 255, 255, 235)
PEN = 3
"""Width in logical pixels of the dark line."""

LARGE = 120.0
"""Diameter in logical pixels above which a ring is not smoothed."""

CORNER = 3.0
"""Radius in logical pixels of a polygon's corners."""


class PointerMarks:
    """The ring and the outline, and where they were drawn last, so that their old places are repainted too."""

    def __init__(self) -> None:
        self._ring = QRect()
        self._outline: tuple[Point, ...] = ()
        self._outline_rect = QRect()

    def move_ring(self, ellipse: QRectF) -> QRect:
        """Move the ring, or hide it if `ellipse` is empty; returns the logical rectangle to repaint."""
        before, self._ring = self._ring, QRect() if ellipse.isEmpty() else _padded(ellipse)
        return before | self._ring

    def show_outline(self, view: View, points: tuple[Point, ...]) -> QRect:
        """Show another outline, or none if it has no points; returns the logical rectangle to repaint."""
        if not points and not self._outline:
            return QRect()
        self._outline = points
        before, self._outline_rect = self._outline_rect, _padded(_line(view, points).boundingRect()) if points else QRect()
        return before | self._outline_rect

    def draw(self, painter: QPainter, dirty: QRect, view: View, ellipse: QRectF, *, corners: bool) -> None:
        """Draw the outline, with its corners if asked to, and the ring where it meets `dirty`."""
        if self._outline:
            _draw_outline(painter, _line(view, self._outline), corners)
        if not self._ring.isEmpty() and self._ring.intersects(dirty):
            _draw_ring(painter, ellipse)


def ring(view: View, at: Pointer, size: int) -> QRectF:
    """Return the ellipse that a brush of `size` would paint, in logical pixels."""
    (row, column), (half_row, half_column) = outline(at, size)
    x0, y0 = view.logical(row - half_row, column - half_column)
    x1, y1 = view.logical(row + half_row, column + half_column)
    return QRectF(x0, y0, x1 - x0, y1 - y0).normalized()


def _draw_ring(painter: QPainter, ellipse: QRectF) -> None:
    """Draw the ring; a large one in plain lines, because smoothing it takes longer than painting with it."""
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


def _draw_outline(painter: QPainter, line: QPolygonF, corners: bool) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((DARK, PEN + 0.5), (LIGHT, 1.5)):
        painter.setPen(QPen(colour, width))
        painter.drawPolyline(line)
    if corners:
        painter.setPen(QPen(DARK, 1))
        painter.setBrush(LIGHT)
        for n in range(line.size()):
            painter.drawEllipse(line.at(n), CORNER, CORNER)


def _padded(rect: QRectF) -> QRect:
    """Return a logical rectangle with room for pens and corners."""
    left, top = math.floor(rect.left()) - PEN - 2, math.floor(rect.top()) - PEN - 2
    return QRect(left, top, math.ceil(rect.right()) + PEN + 2 - left, math.ceil(rect.bottom()) + PEN + 2 - top)


def _line(view: View, points: tuple[Point, ...]) -> QPolygonF:
    return QPolygonF([QPointF(*view.logical(*point)) for point in points])
