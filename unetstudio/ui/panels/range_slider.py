"""A slider with two handles on a histogram: the values that are black and white on the screen."""

from __future__ import annotations

from enum import Enum

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QLinearGradient, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

REACH = 8
"""Pixels from a handle within which a press takes it."""


class Grip(Enum):
    """The part of the slider that a drag moves."""

    LOW = "low"
    HIGH = "high"
    BOTH = "both"


class RangeSlider(QWidget):
    """The slider; `changed(low, high)` while the user drags a handle, or the stretch between them."""

    changed = Signal(float, float)
    reset = Signal()  # double click: automatic again

    def __init__(self, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName("Brightness window over the histogram of the image")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.limits = (0.0, 1.0)
        self.low, self.high = 0.0, 1.0
        self.inverted = False
        self._bars: NDArray[np.float64] = np.zeros(0)
        self._grip: Grip | None = None
        self._grabbed = (0.0, 0.0, 0.0)  # value under the press, low and high at that moment

    def sizeHint(self) -> QSize:
        return QSize(200, 84)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 84)

    def show_histogram(self, counts: NDArray[np.int64], limits: tuple[float, float]) -> None:
        """Show the counts of equally wide bins from limits[0] to limits[1], by their square root, so that small peaks stay visible."""
        self.limits = limits
        roots = np.sqrt(counts.astype(np.float64))
        top = np.percentile(roots[roots > 0], 99) if (roots > 0).any() else 1.0
        self._bars = np.minimum(roots / top, 1.0)
        self.update()

    def set_window(self, low: float, high: float, *, inverted: bool = False) -> None:
        """Show a window set elsewhere."""
        self.low, self.high, self.inverted = low, high, inverted
        self.update()

    # --------------------------------------------------------------------------------------------------- geometry

    def _box(self) -> QRectF:
        return QRectF(7, 2, max(1, self.width() - 14), self.height() - 24)

    def x_of(self, value: float) -> float:
        """Return the position of a value; values outside the limits lie at the edge."""
        box, (bottom, top) = self._box(), self.limits
        share = (value - bottom) / (top - bottom or 1.0)
        return box.left() + min(1.0, max(0.0, share)) * box.width()

    def _value_at(self, x: float) -> float:
        box, (bottom, top) = self._box(), self.limits
        return bottom + (x - box.left()) / box.width() * (top - bottom)

    def _grip_at(self, x: float) -> Grip:
        low, high = self.x_of(self.low), self.x_of(self.high)
        nearest = Grip.LOW if abs(x - low) < abs(x - high) or (x < low and high - low < REACH) else Grip.HIGH
        if min(abs(x - low), abs(x - high)) <= REACH:
            return nearest
        return Grip.BOTH if low < x < high else nearest

    # ------------------------------------------------------------------------------------------------------- input

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            x = event.position().x()
            self._grip = self._grip_at(x)
            self._grabbed = (self._value_at(x), self.low, self.high)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        grip = self._grip or self._grip_at(x)
        self.setCursor(Qt.CursorShape.SizeAllCursor if grip == Grip.BOTH else Qt.CursorShape.SizeHorCursor)
        if self._grip is not None:
            self._drag(self._value_at(x))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grip = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._grip = None
        self.reset.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the window by left and right, make it narrower and wider by down and up."""
        step = (self.limits[1] - self.limits[0]) / 100
        match event.key():
            case Qt.Key.Key_Left | Qt.Key.Key_Right:
                move = step if event.key() == Qt.Key.Key_Right else -step
                self._put(self.low + move, self.high + move)
            case Qt.Key.Key_Down | Qt.Key.Key_Up:
                grow = step if event.key() == Qt.Key.Key_Up else -step
                if self.high - self.low + 2 * grow > step / 10:
                    self._put(self.low - grow, self.high + grow)
            case _:
                super().keyPressEvent(event)

    def _drag(self, value: float) -> None:
        least = (self.limits[1] - self.limits[0]) / 1000
        pressed, low, high = self._grabbed
        match self._grip:
            case Grip.LOW:
                self._put(min(low + value - pressed, self.high - least), self.high)
            case Grip.HIGH:
                self._put(self.low, max(high + value - pressed, self.low + least))
            case Grip.BOTH:
                self._put(low + value - pressed, high + value - pressed)

    def _put(self, low: float, high: float) -> None:
        self.low, self.high = low, high
        self.update()
        self.changed.emit(low, high)

    # ----------------------------------------------------------------------------------------------------- drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box, palette = self._box(), self.palette()
        ink, accent = palette.color(QPalette.ColorRole.Text), palette.color(QPalette.ColorRole.Highlight)
        low, high = self.x_of(self.low), self.x_of(self.high)
        self._draw_bars(painter, box, ink, accent, low, high)
        ramp = QRectF(box.left(), box.bottom() + 3, box.width(), 5)
        shades = QLinearGradient(low, 0, max(low + 1, high), 0)
        for place in (0.0, 1.0):
            grey = 255 * (1 - place if self.inverted else place)
            shades.setColorAt(place, QColor(int(grey), int(grey), int(grey)))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shades)
        painter.drawRoundedRect(ramp, 2, 2)
        for x in (low, high):
            self._draw_handle(painter, x, box, accent)

    def _draw_bars(self, painter: QPainter, box: QRectF, ink: QColor, accent: QColor, low: float, high: float) -> None:
        """Draw the histogram, inside the window in the accent colour and outside it pale."""
        if not len(self._bars):
            return
        width = box.width() / len(self._bars)
        outline = [QPointF(box.left(), box.bottom())]
        for place, share in enumerate(self._bars.tolist()):
            y = box.bottom() - share * box.height()
            outline += [QPointF(box.left() + place * width, y), QPointF(box.left() + (place + 1) * width, y)]
        outline.append(QPointF(box.right(), box.bottom()))
        shape = QPolygonF(outline)
        painter.setPen(Qt.PenStyle.NoPen)
        for colour, alpha, clip in ((ink, 0.18, box), (accent, 0.55, QRectF(low, box.top(), high - low, box.height()))):
            shade = QColor(colour)
            shade.setAlphaF(alpha)
            painter.setClipRect(clip)
            painter.setBrush(shade)
            painter.drawPolygon(shape)
        painter.setClipping(False)

    def _draw_handle(self, painter: QPainter, x: float, box: QRectF, accent: QColor) -> None:
        line = QColor(accent)
        painter.setPen(QPen(line, 1))
        painter.drawLine(QPointF(x, box.top()), QPointF(x, box.bottom() + 6))
        painter.setBrush(self.palette().color(QPalette.ColorRole.Base))
        painter.setPen(QPen(line, 2 if self.hasFocus() else 1.3))
        painter.drawEllipse(QPointF(x, box.bottom() + 13), 5.5, 5.5)
