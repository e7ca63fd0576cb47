"""The widget that shows a composed picture: urgent changes are composed at once, the rest between two events."""

from __future__ import annotations

import math

import qimage2ndarray
from PySide6.QtCore import Property, QRect, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from unetstudio.ui.canvas.picture import Picture
from unetstudio.ui.canvas.view import Box
from unetstudio.ui.display import Display

BAND = 60_000
"""Number of device pixels composed between two events when nobody waits for them."""

PAUSE = 25
"""Milliseconds between two bands during a gesture: painting comes first."""


class Surface(QWidget):
    """Paints `picture`, and over it the drawing of the subclass's `draw_over`."""

    def __init__(self, display: Display, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture = Picture()
        self._display = display
        self._image = QImage()
        self._stale = self._stale_base = True
        self._bands: list[Box] = []
        self._dirty = QRect()
        self._in_event = False
        self._between = QTimer(self, interval=0)
        self._between.timeout.connect(self._compose_band)
        self.busy = False  # whether a gesture is under way
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    # ----------------------------------------------------------------------------------------------------- composing

    def invalidate(self, *, base: bool = False) -> None:
        """Compose everything anew at the next paint event; with `base` sample the image anew too."""
        self._stale = True
        self._stale_base |= base
        self._bands.clear()
        self.update()

    def compose_now(self, box: Box) -> None:
        """Show a change made by the user's gesture: compose it at once, to be painted before the current event ends."""
        if not self._stale:
            self.picture.compose(box, self._display.options)
        self.show_soon(self.logical(box))

    def compose_later(self, box: Box) -> None:
        """Show any other change: compose it band by band, so that a stroke in between does not wait."""
        if self._stale or box.empty:
            return
        height = max(16, BAND // (box.right - box.left))
        fresh = [Box(box.left, top, box.right, min(top + height, box.bottom)) for top in range(box.top, box.bottom, height)]
        self._bands = [band for band in self._bands if band not in fresh] + fresh
        self._between.start(PAUSE if self.busy else 0)

    def scroll_picture(self, right: int, down: int) -> None:
        """Follow a view that moved by whole device pixels: move the composed pixels, and compose the rest."""
        if self._stale or self._bands:
            self.invalidate(base=True)
        else:
            self.picture.scroll(right, down, self._display.options)
            self.update()

    def _compose_band(self) -> None:
        self._between.setInterval(PAUSE if self.busy else 0)
        if self._bands:
            band = self._bands.pop(0)
            self.picture.compose(band, self._display.options)
            self.update(self.logical(band))
        if not self._bands:
            self._between.stop()

    def get_surround(self) -> QColor:
        """Return the colour outside the image; `qproperty-surround` in a style sheet."""
        blue, green, red = self.picture.surround
        return QColor(red, green, blue)

    def set_surround(self, colour: QColor) -> None:
        """Set the colour outside the image; a neutral colour does not mislead the eye about the image."""
        self.picture.surround = (colour.blue(), colour.green(), colour.red())
        self.invalidate(base=True)

    surround = Property(QColor, get_surround, set_surround)

    # ------------------------------------------------------------------------------------------------------ painting

    def show_soon(self, rect: QRect) -> None:
        """Repaint a logical rectangle: at the end of the current event, or when Qt paints next."""
        if self._in_event:
            self._dirty |= rect
        else:
            self.update(rect)

    def begin_event(self) -> None:
        """Collect changes, for `end_event` to show together."""
        self._in_event, self._dirty = True, QRect()

    def end_event(self) -> None:
        """Put the event's changes on the screen at once, without a turn of the event loop."""
        self._in_event = False
        if not self._dirty.isEmpty():
            self.repaint(self._dirty & self.rect())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the composed picture, then call `draw_over`."""
        screen = self.picture.view.screen
        if self._stale_base:
            self.picture.compose_base(screen)
        if self._stale:
            self.picture.compose(screen, self._display.options)
        self._stale = self._stale_base = False
        ratio, dirty = self.picture.view.ratio, event.rect()
        left, top = math.floor(dirty.left() * ratio), math.floor(dirty.top() * ratio)
        right, bottom = math.ceil((dirty.right() + 1) * ratio), math.ceil((dirty.bottom() + 1) * ratio)
        with QPainter(self) as painter:
            painter.scale(1 / ratio, 1 / ratio)
            painter.drawImage(left, top, self._image, left, top, right - left, bottom - top)
            painter.resetTransform()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self.draw_over(painter, dirty)

    def draw_over(self, painter: QPainter, dirty: QRect) -> None:
        """Draw over the composed picture, within a logical rectangle; for the subclass."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the picture the new size."""
        self.make_room()

    def make_room(self) -> None:
        """Make a buffer of the widget's size in device pixels; the QImage is only a view of the same bytes."""
        ratio = self.devicePixelRatioF()
        width, height = max(1, math.ceil(self.width() * ratio)), max(1, math.ceil(self.height() * ratio))
        self._image = QImage(width, height, QImage.Format.Format_RGB32)
        self._image.fill(Qt.GlobalColor.black)
        self.picture.resize(qimage2ndarray.byte_view(self._image))
        self.picture.view.resize((width, height), ratio)
        self.invalidate(base=True)

    def logical(self, box: Box) -> QRect:
        """Return the logical rectangle that holds these device pixels."""
        ratio = self.picture.view.ratio
        left, top = math.floor(box.left / ratio), math.floor(box.top / ratio)
        return QRect(left, top, math.ceil(box.right / ratio) - left, math.ceil(box.bottom / ratio) - top)
