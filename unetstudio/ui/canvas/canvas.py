"""The canvas: the open case's image with everything drawn over it, where the clinician paints."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Property, QEvent, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QEnterEvent, QKeyEvent, QMouseEvent, QNativeGestureEvent, QPainter, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit, QWidget

from unetstudio.data.edit import Edit
from unetstudio.data.region import Region
from unetstudio.tools.tool import Point
from unetstudio.ui.canvas.cursor import around, draw_outline, draw_ring, padded, ring
from unetstudio.ui.canvas.gestures import Gestures
from unetstudio.ui.canvas.marks import draw_marks
from unetstudio.ui.canvas.scene import Scene
from unetstudio.ui.canvas.surface import Surface
from unetstudio.ui.canvas.under import under

if TYPE_CHECKING:
    from unetstudio.ui.session import Session

THROTTLE = 100
"""Milliseconds between two reports of what is visible."""

FADE = 900
"""Milliseconds that a note over the image stays."""

NOWHERE = Region((0, 0, 0), (0, 0, 0))


class Canvas(Surface):
    """Shows and paints the session's open case."""

    pointer_moved = Signal(object)  # Under, or None outside the image
    view_changed = Signal(object, object)  # Region of the voxels in sight, and the (z, y, x) in its middle; throttled
    zoom_changed = Signal(float)  # 1.0 is 100 %: one voxel, the finer way, on one device pixel
    menu_requested = Signal(object, object)  # (z, y, x) right-clicked, and the global position

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session.display, parent)
        self.session = session
        self.gestures = Gestures(self)
        self.scene = Scene(session, self.picture)
        self._at: QPointF | None = None  # the pointer, while it is over the canvas
        self._ring = QRect()
        self._outline: tuple[Point, ...] = ()
        self._outline_rect = QRect()
        self._painted = NOWHERE  # boxes that the stroke in hand has touched so far
        self._note = ""
        self._report = QTimer(self, singleShot=True, interval=THROTTLE)
        self._report.timeout.connect(self._report_view)
        self._fading = QTimer(self, singleShot=True, interval=FADE)
        self._fading.timeout.connect(self.note)
        self.setObjectName("canvas")
        self.setAccessibleName("Image")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(160, 120)
        self.update_cursor()
        self._connect()
        if session.scan is not None:
            self._open_case()

    def _connect(self) -> None:
        session, annotation, review = self.session, self.session.annotation, self.session.review
        session.case_opened.connect(self._open_case)
        session.project_closed.connect(self._close)
        session.cases_changed.connect(self._close_when_empty, Qt.ConnectionType.QueuedConnection)
        session.classes_changed.connect(self._show_classes)
        session.display.changed.connect(self._display_changed)
        annotation.labels_touched.connect(self._labels_touched)
        annotation.labels_edited.connect(self._labels_edited)
        annotation.outline_changed.connect(self._outline_changed)
        annotation.tool_changed.connect(self._tool_changed)
        annotation.options_changed.connect(self._tool_changed)
        review.prediction_changed.connect(self._predicted)
        session.attention.changed.connect(self._predicted)
        review.segmentation_changed.connect(self._predicted)

    # ------------------------------------------------------------------------------------------------------- commands

    def fit(self) -> None:
        """The whole image in sight."""
        self.picture.view.fit()
        self._view_moved()

    def zoom_100(self) -> None:
        """One voxel on one device pixel."""
        self.picture.view.zoom_to(1.0)
        self._view_moved()

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Nearer (> 1) or farther, about a logical position or the middle; rests at 100 % on the way past it."""
        view = self.picture.view
        scale = view.scale * factor
        if (view.scale - 1) * (scale - 1) < -1e-9:
            scale = 1.0
        view.zoom_to(scale, None if at is None else (at.x() * view.ratio + 0.5, at.y() * view.ratio + 0.5))
        self._view_moved()

    def pan(self, right: int, down: int) -> None:
        """Moves the image by device pixels."""
        view = self.picture.view
        before = view.device(0, 0)
        view.pan(right, down)
        after = view.device(0, 0)
        if abs(after[0] - before[0] - right) + abs(after[1] - before[1] - down) < 1e-6:
            self.scroll_picture(right, down)
            self._report_soon()
        else:
            self._view_moved()

    def set_slice(self, index: int) -> None:
        """Another slice along the present axis, kept within the volume."""
        if self.session.scan is not None:
            last = self.session.scan.shape[self.session.display.axis] - 1
            self.session.display.set(index=min(max(index, 0), last))

    def view_state(self) -> dict[str, Any]:
        """Where one is in the open case, as plain values."""
        view, display = self.picture.view, self.session.display
        place = {} if view.fitted else {"scale": view.scale / view.ratio, "centre": list(view.centre)}
        return {"axis": display.axis, "index": display.index, **place}

    def restore(self, state: dict[str, Any]) -> None:
        """Goes back to where `view_state` was taken."""
        axis = int(state.get("axis", 0))
        self.session.display.set(axis=axis if axis in (0, 1, 2) else 0)
        self.set_slice(int(state.get("index", self.session.display.index)))
        view = self.picture.view
        if "scale" in state and "centre" in state:
            row, column = state["centre"]
            view.centre = (float(row), float(column))
            view.zoom_to(float(state["scale"]) * view.ratio)
        else:
            view.fit()
        self._view_moved()

    def note(self, text: str = "", *, fades: bool = False) -> None:
        """A few words over the image, such as the window while it is dragged; none by default."""
        self._note = text
        if fades:
            self._fading.start()
        else:
            self._fading.stop()
        self.update()

    def get_surround(self) -> QColor:
        """Colour outside the image; `qproperty-surround` in a style sheet."""
        blue, green, red = self.picture.surround
        return QColor(red, green, blue)

    def set_surround(self, colour: QColor) -> None:
        """A neutral one leaves the eye's judgement of the image alone."""
        self.picture.surround = (colour.blue(), colour.green(), colour.red())
        self.invalidate(base=True)

    surround = Property(QColor, get_surround, set_surround)

    # ------------------------------------------------------------------------------------------------- what is shown

    def _open_case(self) -> None:
        self.restore(self.scene.open())

    def _close(self) -> None:
        self.scene.close()
        self._report.stop()
        self.invalidate(base=True)

    def _close_when_empty(self) -> None:
        if not self.session.cases:
            self._close()

    def _show_classes(self) -> None:
        self.scene.show_classes()
        self.invalidate()

    def _display_changed(self, name: str) -> None:
        if name == "axis":
            self.set_slice(self.session.display.index)
        if name in ("axis", "index"):
            self.scene.show_plane()
            self._view_moved()
            self._tell_pointer()
        else:
            self.scene.show_intensities()
            self.invalidate(base=name in ("window", "inverted"))

    def _labels_touched(self, region: Region) -> None:
        box = self.scene.seen(region)
        if box is not None:
            self.compose_now(box)
        if self.session.annotation.stroke_in_hand:
            self._painted |= region

    def _labels_edited(self, edit: Edit) -> None:
        """A stroke's own boxes are on the screen already when it ends; only the segmentation beneath it has followed."""
        painted, self._painted = self._painted, NOWHERE
        self.scene.show_prediction()
        if edit.region & painted != edit.region:
            self._labels_touched(edit.region)
        elif self.picture.segmentation is not None:
            self._predicted(edit.region)

    def _predicted(self, region: Region) -> None:
        self.scene.show_prediction()
        box = self.scene.box(region)
        if box is not None:
            self.compose_later(box)

    def _view_moved(self) -> None:
        self.invalidate(base=True)
        self._report_soon()
        self.zoom_changed.emit(self.picture.view.scale)

    def _report_soon(self) -> None:
        if not self._report.isActive():
            self._report.start()

    def _report_view(self) -> None:
        """Tells whoever predicts what is in sight, and the project where one was."""
        session = self.session
        if session.scan is None:
            return
        if session.project is not None and session.case is not None:
            view = session.project.view
            view["views"] = {**view.get("views", {}), session.case.id: self.view_state()}
        self.view_changed.emit(*self.scene.in_sight())

    # ------------------------------------------------------------------------------------------------ drawn over it

    def make_room(self) -> None:
        """Another part of the image is in sight."""
        super().make_room()
        self._view_moved()

    def draw_over(self, painter: QPainter, dirty: QRect) -> None:
        """Marks, the outline in hand and the brush's ring, where they meet what is repainted."""
        if self.picture.image is None:
            return
        draw_marks(painter, self.rect(), dirty, self.scene.marks(self._note), self.font())
        if self._outline:
            draw_outline(painter, self.picture.view, self._outline, self.session.annotation.tool.clicks)
        if not self._ring.isEmpty() and self._ring.intersects(dirty):
            draw_ring(painter, self._ring_now())

    def _outline_changed(self, points: tuple[Point, ...]) -> None:
        if points or self._outline:
            self._outline = points
            before, self._outline_rect = self._outline_rect, around(self.picture.view, points)
            self.show_soon(before | self._outline_rect)

    def _tool_changed(self) -> None:
        self.update_cursor()
        self._move_ring()

    def _ring_now(self) -> QRectF:
        """The ring of the brush under the pointer; empty when there is nothing to paint with."""
        size = getattr(self.session.annotation.tool, "size", None)
        if size is None or self._at is None or self.gestures.moves_view:
            return QRectF()
        return ring(self.picture.view, self.scene.pointer(self._at.x(), self._at.y(), pressed=False), size)

    def _move_ring(self) -> None:
        """The ring follows the pointer; both its places are repainted."""
        before, now = self._ring, self._ring_now()
        self._ring = QRect() if now.isEmpty() else padded(now)
        self.show_soon(before | self._ring)

    def update_cursor(self) -> None:
        """The mouse pointer tells what a press would do."""
        if self.gestures.moving:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self.gestures.moves_view:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.setCursor(Qt.CursorShape.CrossCursor)

    # -------------------------------------------------------------------------------------------------------- events

    def event(self, event: QEvent) -> bool:
        """Keys of its own come before shortcuts and before Tab's change of focus; pinching zooms; screens may differ in density."""
        if isinstance(event, QKeyEvent):
            kind = event.type()
            if kind == QEvent.Type.ShortcutOverride and self.gestures.wants(event):
                event.accept()
                return True
            if kind == QEvent.Type.KeyPress and self.gestures.key_pressed(event):
                return True
            if kind == QEvent.Type.KeyRelease and self.gestures.key_released(event):
                return True
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self.make_room()
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_by(1 + event.value(), event.position())
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._hand(event, self.gestures.press)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hand(event, self.gestures.move)
        self._tell_pointer()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._hand(event, self.gestures.release)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._hand(event, self.gestures.double_click)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.gestures.wheel(event)
        event.accept()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Held keys reach the image under the pointer, unless somebody is writing elsewhere."""
        self._at = event.position()
        if not isinstance(QApplication.focusWidget(), QLineEdit | QAbstractSpinBox):
            self.setFocus(Qt.FocusReason.MouseFocusReason)

    def leaveEvent(self, event: QEvent) -> None:
        self._at = None
        self._move_ring()
        self.pointer_moved.emit(None)

    def focusOutEvent(self, event: QEvent) -> None:
        self.gestures.let_go()

    def _tell_pointer(self) -> None:
        """What lies under the pointer now."""
        scan, at = self.session.scan, self._at
        index = self.scene.index_under(at.x(), at.y()) if at is not None else None
        self.pointer_moved.emit(under(scan, self.session.labels, self.session.classes, index) if scan is not None and index else None)

    def _hand(self, event: QMouseEvent, act: Callable[[QMouseEvent], None]) -> None:
        """One event of the mouse, on the screen before it ends."""
        self.begin_event()
        self._at = event.position()
        act(event)
        self.busy = self.session.annotation.stroke_in_hand
        if not self.busy:
            self._painted = NOWHERE
        self._move_ring()
        self.end_event()
