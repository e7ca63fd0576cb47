"""A small line chart over training time, drawn without a plotting library, which would take time to load."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from unetstudio.ui.panels import wording
from unetstudio.ui.theme import tokens

MOST_POINTS = 400
"""Points to which a longer curve is averaged before drawing."""


class Chart(QWidget):
    """Shows one series of (seconds, value) with its latest value; `hint` is shown while there is nothing to draw."""

    def __init__(
        self,
        heading: str,
        hint: str,
        *,
        name: str,
        limits: tuple[float, float] | None = None,
        filled: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(heading)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._heading, self._hint = heading, hint
        self._limits = limits  # limits of the value axis; None = from the data, from zero
        self._filled = filled
        self._points: NDArray[np.float64] = np.empty((0, 2))

    def sizeHint(self) -> QSize:
        return QSize(200, 6 * self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    @property
    def points(self) -> NDArray[np.float64]:
        """(N, 2) seconds and value, as drawn."""
        return self._points

    def show_points(self, points: Sequence[tuple[float, float]]) -> None:
        """Draw another curve; values that are not finite are left out."""
        values = np.array(points, np.float64).reshape(-1, 2)
        values = values[np.isfinite(values).all(axis=1)]
        if len(values) > MOST_POINTS:
            bins = np.array_split(values, MOST_POINTS)
            values = np.array([part.mean(axis=0) for part in bins])
        self._points = values
        last = "" if not len(values) else f"{wording.figures(float(values[-1, 1]))} after {wording.duration(float(values[-1, 0]))}"
        self.setAccessibleDescription(last or self._hint)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        muted = QColor(tokens().muted)
        line = self.fontMetrics().height()
        top = QRectF(0, 0, self.width(), line)
        box = QRectF(0.5, line + 6.5, self.width() - 1.0, self.height() - line - 8.0)
        latest = self._latest()
        room = self.width() - self.fontMetrics().horizontalAdvance(latest) - 8
        painter.setPen(muted)
        heading = self.fontMetrics().elidedText(self._heading, Qt.TextElideMode.ElideRight, room)
        painter.drawText(top, Qt.AlignmentFlag.AlignLeft, heading)
        if len(self._points) < 2:
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._hint)
            return
        painter.setPen(palette.color(QPalette.ColorRole.Text))
        painter.drawText(top, Qt.AlignmentFlag.AlignRight, latest)
        low, high = self._range()
        self._draw_grid(painter, box, low, high)
        self._draw_curve(painter, box, low, high)

    def _latest(self) -> str:
        """Return the newest value as text."""
        if not len(self._points):
            return ""
        value = float(self._points[-1, 1])
        return f"{value:.2f}" if self._limits else wording.figures(value)

    def _range(self) -> tuple[float, float]:
        if self._limits:
            return self._limits
        high = float(self._points[:, 1].max())
        return 0.0, _round_up(high) if high > 0 else 1.0

    def _draw_grid(self, painter: QPainter, box: QRectF, low: float, high: float) -> None:
        """Draw three faint lines, with the top value in a chart without fixed limits, and the time in one that is filled."""
        faint = QColor(self.palette().color(QPalette.ColorRole.Text))
        faint.setAlphaF(0.10)
        painter.setPen(QPen(faint, 1))
        for part in (0.0, 0.5, 1.0):
            y = round(box.bottom() - part * box.height()) + 0.5
            painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
        small = painter.font()
        small.setPointSizeF(max(6.5, small.pointSizeF() * 0.8))
        painter.setFont(small)
        faint.setAlphaF(0.45)
        painter.setPen(faint)
        top = box.adjusted(2, 2, -2, 0)
        if not self._filled:  # a loss begins high at the left and falls to the right
            painter.drawText(top, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, wording.figures(high))
            return
        end = wording.duration(float(self._points[-1, 0]))
        painter.drawText(box.adjusted(2, 0, -2, -2), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, end)

    def _draw_curve(self, painter: QPainter, box: QRectF, low: float, high: float) -> None:
        accent = QColor(tokens().plot_score if self._filled else tokens().plot_loss)
        seconds, values = self._points[:, 0], self._points[:, 1]
        span = max(1e-9, float(seconds[-1] - seconds[0]))
        x = box.left() + (seconds - seconds[0]) / span * (box.width() - 4)
        y = box.bottom() - np.clip((values - low) / (high - low), 0, 1) * box.height()
        points = [QPointF(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
        if self._filled:
            shade = QLinearGradient(box.topLeft(), box.bottomLeft())
            for place, alpha in ((0.0, 0.28), (1.0, 0.02)):
                colour = QColor(accent)
                colour.setAlphaF(alpha)
                shade.setColorAt(place, colour)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(shade)
            painter.drawPolygon(QPolygonF([QPointF(x[0], box.bottom()), *points, QPointF(x[-1], box.bottom())]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(accent, 1.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        painter.drawPolyline(QPolygonF(points))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(accent)
        painter.drawEllipse(QPointF(x[-1], y[-1]), 2.6, 2.6)


def _round_up(value: float) -> float:
    """Return the next 1, 2 or 5 times a power of ten, so that the axis does not move with every point."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value * 0.999)
