"""Gestures on the canvas: mouse, wheel and keys, turned into painting, moving, zooming and windowing."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import Protocol

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent

from unetstudio.data.region import Index
from unetstudio.ui.canvas.marks import slice_at, track
from unetstudio.ui.canvas.modes import PAN, PICK
from unetstudio.ui.canvas.overlays.no_overlay import NO_OVERLAY
from unetstudio.ui.canvas.picture import Picture
from unetstudio.ui.canvas.scene import Scene
from unetstudio.ui.session import Session

NOTCH = 120
"""Qt's angle for one step of a wheel."""

ZOOM = 1.25
"""Zoom factor of one step of the wheel."""

STILL = 4
"""Logical pixels that a right click may move without becoming a drag."""


class Doing(Enum):
    """The gesture of the pressed button."""

    NOTHING = 0
    PAINTING = 1
    MOVING = 2
    WINDOWING = 3
    SLICING = 4


class Viewport(Protocol):
    """The part of the canvas that gestures use."""

    def rect(self) -> QRect: ...

    def pan_to(self, before: QPointF, now: QPointF) -> None: ...

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None: ...

    def note(self, text: str = "", *, fades: bool = False) -> None: ...

    def open_menu(self, voxel: Index, where: QPoint) -> None: ...


class Gestures:
    """The state of mouse and keys between two events."""

    def __init__(self, viewport: Viewport, session: Session, scene: Scene, picture: Picture) -> None:
        self._viewport = viewport
        self._session = session
        self._scene = scene
        self._picture = picture
        self._doing = Doing.NOTHING
        self._button = Qt.MouseButton.NoButton
        self._space = False
        self._from = QPointF()
        self._last = QPointF()
        self._window = (0.0, 1.0)
        self._moved = False
        self._turned = 0  # part of a wheel step, not yet a whole notch

    @property
    def moves_view(self) -> bool:
        """Whether a press of the left button would move the image."""
        return self._space or self._session.annotation.tools.mode is PAN

    @property
    def moving(self) -> bool:
        """Whether the image is being moved."""
        return self._doing is Doing.MOVING

    # --------------------------------------------------------------------------------------------------------- mouse

    def press(self, event: QMouseEvent) -> None:
        """Begin the gesture of a pressed button."""
        at = event.position()
        if self._doing is not Doing.NOTHING:
            return
        self._from = self._last = at
        self._button = event.button()
        self._moved = False
        match event.button():
            case Qt.MouseButton.MiddleButton:
                self._doing = Doing.MOVING
            case Qt.MouseButton.RightButton if self._session.scan is not None:
                self._doing = Doing.WINDOWING
                self._window = self._scene.window
            case Qt.MouseButton.LeftButton if self.moves_view:
                self._doing = Doing.MOVING
            case Qt.MouseButton.LeftButton if self._on_track(at):
                self._doing = Doing.SLICING
                self._drag_slice(at)
            case Qt.MouseButton.LeftButton if self._session.annotation.tools.mode is PICK:
                if (voxel := self._scene.voxel_under(at.x(), at.y())) is not None:
                    self._session.annotation.pick(voxel)
            case Qt.MouseButton.LeftButton:
                self._doing = Doing.PAINTING
                self._session.annotation.press(self._picture.pointer(at.x(), at.y(), pressed=True))

    def move(self, event: QMouseEvent) -> None:
        """Follow the pointer, with or without a button."""
        annotation, at = self._session.annotation, event.position()
        match self._doing:
            case Doing.MOVING:
                self._viewport.pan_to(self._last, at)
            case Doing.WINDOWING:
                self._moved |= (at - self._from).manhattanLength() > STILL
                if self._moved:
                    self._drag_window(at - self._from)
            case Doing.SLICING:
                self._drag_slice(at)
            case _ if annotation.stroke_active:
                annotation.move(self._picture.pointer(at.x(), at.y(), pressed=not annotation.awaits_click))
        self._last = at

    def release(self, event: QMouseEvent) -> None:
        """End the gesture of a released button."""
        doing, at = self._doing, event.position()
        if event.button() != self._button:
            return
        self._doing = Doing.NOTHING
        if doing is Doing.PAINTING:
            self._session.annotation.release()
        elif doing is Doing.WINDOWING:
            self._viewport.note("")
            if not self._moved and (voxel := self._scene.voxel_under(at.x(), at.y())) is not None:
                self._viewport.open_menu(voxel, event.globalPosition().toPoint())

    def double_click(self, event: QMouseEvent) -> None:
        """Handle the second press of a double click: it ends a polygon, and is otherwise a press like any other."""
        tool = self._session.annotation.tools.tool
        if tool is None or not tool.clicks:
            self.press(event)
        elif self._session.annotation.stroke_active and event.button() == Qt.MouseButton.LeftButton:
            self._session.annotation.finish()

    def _on_track(self, at: QPointF) -> bool:
        """Return whether a press is meant for the slice track at the right edge."""
        return self._scene.slices > 1 and track(self._viewport.rect()).adjusted(-10, -4, 12, 4).contains(at.toPoint())

    def _drag_slice(self, at: QPointF) -> None:
        self._session.cursor.go_to(slice_at(self._viewport.rect(), at.y(), self._scene.slices))

    def _drag_window(self, by: QPointF) -> None:
        """Change the window. Right: wider window. Up: brighter image. 300 pixels are the window's own width."""
        low, high = self._window
        width, level = high - low, (high + low) / 2
        level += by.y() / 300 * width
        width *= 2.0 ** (by.x() / 150)
        display = self._session.display
        display.show(replace(display.options, window=(level - width / 2, level + width / 2)))
        self._viewport.note(f"Window {width:.4g}   Level {level:.4g}")

    # --------------------------------------------------------------------------------------------------------- wheel

    def wheel(self, event: QWheelEvent) -> None:
        """Zoom or change the slice; with Alt the overlay's opacity, with Shift the brush's size, with Ctrl always zoom."""
        keys = event.modifiers()
        delta = event.angleDelta().y() or event.angleDelta().x()  # with Alt, Qt turns the wheel sideways
        if keys & Qt.KeyboardModifier.AltModifier:
            self._fade(delta / NOTCH * 0.05)
        elif keys & Qt.KeyboardModifier.ShiftModifier:
            self._resize_brush(self._notches(delta))
        elif self._scene.slices > 1 and not keys & Qt.KeyboardModifier.ControlModifier:
            self._session.cursor.step(-self._notches(delta))
        else:
            self._viewport.zoom_by(ZOOM ** (delta / NOTCH), event.position())

    def _notches(self, delta: int) -> int:
        """Return whole wheel steps; the remainder from a touch pad is kept for the next event."""
        self._turned += delta
        whole = int(self._turned / NOTCH)
        self._turned -= whole * NOTCH
        return whole

    def _fade(self, by: float) -> None:
        display, options = self._session.display, self._session.display.options
        overlaid = options.overlay != NO_OVERLAY and self._session.review.prediction is not None
        opacity = options.overlay_opacity if overlaid else options.label_opacity
        opacity = min(max(round(opacity + by, 3), 0.0), 1.0)
        display.show(replace(options, overlay_opacity=opacity) if overlaid else replace(options, label_opacity=opacity))
        self._viewport.note(f"{'Prediction' if overlaid else 'Label'} opacity {opacity:.0%}", fades=True)

    def _resize_brush(self, steps: int) -> None:
        tools = self._session.annotation.tools
        if tools.size is not None and steps:
            tools.resize(tools.size + steps * max(1, tools.size // 10))

    # ---------------------------------------------------------------------------------------------------------- keys

    def key(self, event: QKeyEvent) -> bool:
        """Handle a key; returns whether it is one of the canvas's own, which come before any shortcut of the window."""
        match event.type():
            case QEvent.Type.ShortcutOverride if self._wants(event):
                event.accept()
                return True
            case QEvent.Type.KeyPress:
                return self._key_pressed(event)
            case QEvent.Type.KeyRelease:
                return self._key_released(event)
        return False

    def _wants(self, event: QKeyEvent) -> bool:
        painting = self._session.annotation.stroke_active
        return event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Tab) or (painting and event.key() in (*_ENTER, Qt.Key.Key_Escape))

    def _key_pressed(self, event: QKeyEvent) -> bool:
        annotation = self._session.annotation
        match event.key():
            case Qt.Key.Key_Space:
                self._space = True
            case Qt.Key.Key_Tab if not event.modifiers():
                self._hold_raw(True)
            case Qt.Key.Key_Escape if annotation.stroke_active:
                annotation.cancel()
            case key if key in _ENTER and annotation.stroke_active:
                annotation.finish()
            case _:
                return False
        return True

    def _key_released(self, event: QKeyEvent) -> bool:
        """Handle a released key; the repetitions of a held key are not releases."""
        if event.key() not in (Qt.Key.Key_Space, Qt.Key.Key_Tab):
            return False
        if not event.isAutoRepeat():
            self.let_go(event.key())
        return True

    def let_go(self, key: int | None = None) -> None:
        """Release a held key, or all of them when the focus is lost."""
        if key in (None, Qt.Key.Key_Space):
            self._space = False
        if key in (None, Qt.Key.Key_Tab):
            self._hold_raw(False)

    def _hold_raw(self, held: bool) -> None:
        display = self._session.display
        display.show(replace(display.options, raw_held=held))


_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
