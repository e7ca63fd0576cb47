"""What the hand does: mouse, wheel and keys over the canvas, turned into painting, moving, zooming and windowing."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent

from unetstudio.tools.sweep import MAX_SIZE
from unetstudio.ui.canvas.marks import slice_at, track
from unetstudio.ui.display import Overlay

if TYPE_CHECKING:
    from unetstudio.ui.canvas.canvas import Canvas

NOTCH = 120
"""Qt's angle for one step of a wheel."""

ZOOM = 1.25
"""Factor of one step."""

STILL = 4
"""Logical pixels that a right click may move without becoming a drag."""


class Doing(Enum):
    """What the pressed button does."""

    NOTHING = 0
    PAINTING = 1
    MOVING = 2
    WINDOWING = 3
    SLICING = 4


class Gestures:
    """The state of hand and keys between two events."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._doing = Doing.NOTHING
        self._button = Qt.MouseButton.NoButton
        self._space = False
        self._from = QPointF()
        self._last = QPointF()
        self._window = (0.0, 1.0)
        self._moved = False
        self._turned = 0  # of the wheel, not yet a whole notch

    @property
    def moves_view(self) -> bool:
        """Whether a press of the left button would move the image."""
        return self._space or self._canvas.session.annotation.tool.moves_view

    @property
    def moving(self) -> bool:
        """Whether the image is being moved."""
        return self._doing is Doing.MOVING

    # --------------------------------------------------------------------------------------------------------- mouse

    def press(self, event: QMouseEvent) -> None:
        """A button went down."""
        canvas, at = self._canvas, event.position()
        if self._doing is not Doing.NOTHING:
            return
        self._from = self._last = at
        self._button = event.button()
        self._moved = False
        match event.button():
            case Qt.MouseButton.MiddleButton:
                self._doing = Doing.MOVING
            case Qt.MouseButton.RightButton if canvas.session.scan is not None:
                self._doing = Doing.WINDOWING
                self._window = canvas.scene.window
            case Qt.MouseButton.LeftButton if self.moves_view:
                self._doing = Doing.MOVING
            case Qt.MouseButton.LeftButton if canvas.scene.slices > 1 and track(canvas.rect()).adjusted(-10, -4, 12, 4).contains(
                at.toPoint()
            ):
                self._doing = Doing.SLICING
                canvas.set_slice(slice_at(canvas.rect(), at.y(), canvas.scene.slices))
            case Qt.MouseButton.LeftButton:
                self._doing = Doing.PAINTING
                canvas.session.annotation.press(canvas.scene.pointer(at.x(), at.y(), pressed=True))
        canvas.update_cursor()

    def move(self, event: QMouseEvent) -> None:
        """The pointer moved, with or without a button."""
        canvas, at = self._canvas, event.position()
        annotation = canvas.session.annotation
        match self._doing:
            case Doing.MOVING:
                ratio = canvas.picture.view.ratio
                canvas.pan(round(at.x() * ratio) - round(self._last.x() * ratio), round(at.y() * ratio) - round(self._last.y() * ratio))
            case Doing.WINDOWING:
                self._moved |= (at - self._from).manhattanLength() > STILL
                if self._moved:
                    self._drag_window(at - self._from)
            case Doing.SLICING:
                canvas.set_slice(slice_at(canvas.rect(), at.y(), canvas.scene.slices))
            case _ if annotation.stroke_in_hand:
                annotation.move(canvas.scene.pointer(at.x(), at.y(), pressed=not annotation.tool.clicks))
        self._last = at

    def release(self, event: QMouseEvent) -> None:
        """A button went up."""
        canvas, doing, at = self._canvas, self._doing, event.position()
        if event.button() != self._button:
            return
        self._doing = Doing.NOTHING
        if doing is Doing.PAINTING:
            canvas.session.annotation.release()
        elif doing is Doing.WINDOWING:
            canvas.note("")
            if not self._moved and (index := canvas.scene.index_under(at.x(), at.y())) is not None:
                canvas.menu_requested.emit(index, event.globalPosition().toPoint())
        canvas.update_cursor()

    def double_click(self, event: QMouseEvent) -> None:
        """The second press of a double click: ends a polygon, and is a press like any other elsewhere."""
        annotation = self._canvas.session.annotation
        if annotation.tool.clicks and annotation.stroke_in_hand and event.button() == Qt.MouseButton.LeftButton:
            annotation.finish()
        elif not annotation.tool.clicks:
            self.press(event)

    def _drag_window(self, by: QPointF) -> None:
        """Right: wider window. Up: brighter image. 300 pixels are the window's own width."""
        low, high = self._window
        width, level = high - low, (high + low) / 2
        level += by.y() / 300 * width
        width *= 2.0 ** (by.x() / 150)
        self._canvas.session.display.set(window=(level - width / 2, level + width / 2))
        self._canvas.note(f"Window {width:.4g}   Level {level:.4g}")

    # --------------------------------------------------------------------------------------------------------- wheel

    def wheel(self, event: QWheelEvent) -> None:
        """Zoom or slice; with Alt the overlay's opacity, with Shift the brush's size, with Ctrl always zoom."""
        canvas, keys = self._canvas, event.modifiers()
        delta = event.angleDelta().y() or event.angleDelta().x()  # with Alt, Qt turns the wheel sideways
        if keys & Qt.KeyboardModifier.AltModifier:
            self._fade(delta / NOTCH * 0.05)
        elif keys & Qt.KeyboardModifier.ShiftModifier:
            self._resize_brush(self._notches(delta))
        elif canvas.scene.slices > 1 and not keys & Qt.KeyboardModifier.ControlModifier:
            canvas.set_slice(canvas.session.display.index - self._notches(delta))
        else:
            canvas.zoom_by(ZOOM ** (delta / NOTCH), event.position())

    def _notches(self, delta: int) -> int:
        """Whole steps; what a touch pad leaves over is kept for the next event."""
        self._turned += delta
        whole = int(self._turned / NOTCH)
        self._turned -= whole * NOTCH
        return whole

    def _fade(self, by: float) -> None:
        display, review = self._canvas.session.display, self._canvas.session.review
        overlaid = display.overlay is not Overlay.NONE and review.prediction is not None
        name = "overlay_opacity" if overlaid else "label_opacity"
        opacity = min(max(round(getattr(display, name) + by, 3), 0.0), 1.0)
        display.set(**{name: opacity})
        self._canvas.note(f"{'Prediction' if overlaid else 'Label'} opacity {opacity:.0%}", fades=True)

    def _resize_brush(self, steps: int) -> None:
        annotation = self._canvas.session.annotation
        size = getattr(annotation.tool, "size", None)
        if size is not None and steps:
            size = min(max(size + steps * max(1, size // 10), 1), MAX_SIZE)
            annotation.set_options(annotation.tool_name, size=size)

    # ---------------------------------------------------------------------------------------------------------- keys

    def wants(self, event: QKeyEvent) -> bool:
        """Whether a key is the canvas's own now, before any shortcut of the window."""
        in_hand = self._canvas.session.annotation.stroke_in_hand
        return event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Tab) or (in_hand and event.key() in (*_ENTER, Qt.Key.Key_Escape))

    def key_pressed(self, event: QKeyEvent) -> bool:
        """Whether the key was taken."""
        canvas, annotation = self._canvas, self._canvas.session.annotation
        match event.key():
            case Qt.Key.Key_Space:
                self._space = True
                canvas.update_cursor()
            case Qt.Key.Key_Tab if not event.modifiers():
                canvas.session.display.set(raw_held=True)
            case Qt.Key.Key_Escape if annotation.stroke_in_hand:
                annotation.cancel()
            case key if key in _ENTER and annotation.stroke_in_hand:
                annotation.finish()
            case _:
                return False
        return True

    def key_released(self, event: QKeyEvent) -> bool:
        """Whether the key was taken; a held key's repetitions are no releases."""
        if event.key() not in (Qt.Key.Key_Space, Qt.Key.Key_Tab):
            return False
        if not event.isAutoRepeat():
            self.let_go(event.key())
        return True

    def let_go(self, key: int | None = None) -> None:
        """A held key, or all of them when the focus is lost, is up."""
        if key in (None, Qt.Key.Key_Space):
            self._space = False
            self._canvas.update_cursor()
        if key in (None, Qt.Key.Key_Tab):
            self._canvas.session.display.set(raw_held=False)


_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
