"""The canvas: the open case's image with everything drawn over it, where the clinician paints."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent, QFocusEvent, QKeyEvent, QMouseEvent, QNativeGestureEvent, QPainter, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit, QWidget

from unetstudio.data.edit import Edit
from unetstudio.data.plane import Plane
from unetstudio.data.region import Index, Region
from unetstudio.tools.tool import Point
from unetstudio.ui.canvas.gestures import Gestures
from unetstudio.ui.canvas.marks import draw_marks
from unetstudio.ui.canvas.pointer_marks import PointerMarks, ring
from unetstudio.ui.canvas.scene import Scene
from unetstudio.ui.canvas.surface import Surface
from unetstudio.ui.canvas.under import under
from unetstudio.ui.display import DisplayOptions
from unetstudio.ui.session import Session

THROTTLE = 100
"""Milliseconds between two reports of the visible region."""

FADE = 900
"""Milliseconds for which a note stays over the image."""

NOWHERE = Region((0, 0, 0), (0, 0, 0))


class Canvas(Surface):
    """Shows the session's open case and lets the user paint on it."""

    pointer_moved = Signal(object)  # Under, or None outside the image
    view_changed = Signal(object, object)  # Region of the visible voxels, and the (z, y, x) in its middle; throttled
    zoom_changed = Signal(float)  # 1.0 is 100 %: one voxel, along the finer spacing, on one device pixel
    menu_requested = Signal(object, object)  # (z, y, x) right-clicked, and the global position

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session.display, parent)
        self.session = session
        self.scene = Scene(session, self.picture)
        self.gestures = Gestures(self, session, self.scene, self.picture)
        self._at: QPointF | None = None  # the pointer, while it is over the canvas
        self._marks = PointerMarks()
        self._painted = NOWHERE  # boxes that the current stroke has touched so far
        self._note = ""
        self._caption = ""
        self._report = QTimer(self, singleShot=True, interval=THROTTLE)
        self._report.timeout.connect(self._report_view)
        self._fading = QTimer(self, singleShot=True, interval=FADE)
        self._fading.timeout.connect(self.note)
        self.setObjectName("canvas")
        self.setAccessibleName("Image")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(160, 120)
        self._show_pointer_shape()
        self._connect()
        if session.scan is not None:
            self._open_case()

    def _connect(self) -> None:
        session, annotation, review = self.session, self.session.annotation, self.session.review
        session.case_opened.connect(self._open_case)
        session.project_closed.connect(self._close)
        session.cases_changed.connect(self._close_when_empty, Qt.ConnectionType.QueuedConnection)
        session.classes_changed.connect(self._show_classes)
        session.cursor.moved.connect(self._plane_changed)
        session.display.changed.connect(self._options_changed)
        annotation.labels_touched.connect(self._labels_touched)
        annotation.labels_edited.connect(self._labels_edited)
        annotation.outline_changed.connect(self._outline_changed)
        annotation.tools.chosen.connect(self._tool_changed)
        annotation.tools.options_changed.connect(self._tool_changed)
        review.prediction_changed.connect(self._predicted)
        session.attention.changed.connect(self._predicted)
        review.segmentation_changed.connect(self._predicted)

    # ------------------------------------------------------------------------------------------------------- commands

    def fit(self) -> None:
        """Zoom so that the whole image is visible."""
        self.picture.view.fit()
        self._view_moved()

    def zoom_100(self) -> None:
        """Show one voxel on one device pixel."""
        self.picture.view.zoom_to(1.0)
        self._view_moved()

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom in (> 1) or out, about a logical position or the middle; stops at 100 % on the way past it."""
        view = self.picture.view
        view.zoom_by(factor, None if at is None else (at.x() * view.ratio + 0.5, at.y() * view.ratio + 0.5))
        self._view_moved()

    def pan_to(self, before: QPointF, now: QPointF) -> None:
        """Move the image as the pointer moved between two logical positions, by whole device pixels."""
        view = self.picture.view
        right = round(now.x() * view.ratio) - round(before.x() * view.ratio)
        down = round(now.y() * view.ratio) - round(before.y() * view.ratio)
        if view.pan(right, down):
            self.scroll_picture(right, down)
            self._report_soon()
        else:
            self._view_moved()

    def open_menu(self, voxel: Index, where: QPoint) -> None:
        """Ask for the menu of a voxel at a global position."""
        self.menu_requested.emit(voxel, where)

    def note(self, text: str = "", *, fades: bool = False) -> None:
        """Write a few words over the image, such as the window while it is dragged; "" removes them."""
        self._note = text
        if fades:
            self._fading.start()
        else:
            self._fading.stop()
        self.update()

    # ------------------------------------------------------------------------------------------------- what is shown

    def _open_case(self) -> None:
        self.scene.open()
        self._view_moved()

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

    def _plane_changed(self, plane: Plane) -> None:
        self.scene.show_plane()
        self._view_moved()
        self._tell_pointer()

    def _options_changed(self, before: DisplayOptions) -> None:
        now = self.session.display.options
        self.scene.show_intensities()
        self.invalidate(base=(before.window, before.inverted) != (now.window, now.inverted))

    def _labels_touched(self, region: Region) -> None:
        self.picture.labels_changed(region)
        box = self.picture.box(region, self.session.display.options)
        if box is not None:
            self.compose_now(box)
        if self.session.annotation.stroke_active:
            self._painted |= region

    def _labels_edited(self, edit: Edit) -> None:
        """Repaint after an edit. A stroke's own boxes are on the screen already when it ends; only the segmentation beneath it has
        followed."""
        painted, self._painted = self._painted, NOWHERE
        self.scene.show_prediction()
        if edit.region & painted != edit.region:
            self._labels_touched(edit.region)
        elif self.picture.predicted.segmentation is not None:
            self._predicted(edit.region)

    def _predicted(self, region: Region) -> None:
        self.scene.show_prediction()
        if self._caption != self.scene.caption:
            self._caption = self.scene.caption
            self.update()
        box = self.picture.box(region, self.session.display.options)
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
        """Report the visible region, which is predicted first, and save the view state with the project."""
        session = self.session
        if session.scan is None:
            return
        if session.project is not None and session.case is not None:
            view = session.project.view
            view["views"] = {**view.get("views", {}), session.case.id: self.scene.view_state()}
        self.view_changed.emit(*self.scene.in_sight())

    # ------------------------------------------------------------------------------------------------ drawn over it

    def make_room(self) -> None:
        """Resize the picture and report the new view."""
        super().make_room()
        self._view_moved()

    def draw_over(self, painter: QPainter, dirty: QRect) -> None:
        """Draw the scale bar and other marks, the current outline and the brush's ring, where they meet `dirty`."""
        if self.picture.image is None:
            return
        draw_marks(painter, self.rect(), dirty, self.scene.marks(self._note), self.font())
        self._marks.draw(painter, dirty, self.picture.view, self._ring_now(), corners=self.session.annotation.awaits_click)

    def _outline_changed(self, points: tuple[Point, ...]) -> None:
        self.show_soon(self._marks.show_outline(self.picture.view, points))

    def _tool_changed(self) -> None:
        self._show_pointer_shape()
        self._move_ring()

    def _ring_now(self) -> QRectF:
        """Return the ring of the brush under the pointer; empty when there is nothing to paint with."""
        size = self.session.annotation.tools.size
        if size is None or self._at is None or self.gestures.moves_view:
            return QRectF()
        return ring(self.picture.view, self.picture.pointer(self._at.x(), self._at.y(), pressed=False), size)

    def _move_ring(self) -> None:
        """Let the ring follow the pointer; both its places are repainted."""
        self.show_soon(self._marks.move_ring(self._ring_now()))

    def _show_pointer_shape(self) -> None:
        """Set the mouse pointer's shape to what a press would do."""
        if self.gestures.moving:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self.gestures.moves_view:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.setCursor(Qt.CursorShape.CrossCursor)

    # -------------------------------------------------------------------------------------------------------- events

    def event(self, event: QEvent) -> bool:
        """Handle the canvas's own keys before shortcuts and before Tab's change of focus; zoom on pinching; adapt to the density of
        another screen."""
        if isinstance(event, QKeyEvent) and self.gestures.key(event):
            self._show_pointer_shape()
            return True
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self.make_room()
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_by(1 + event.value(), event.position())
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._hand(event, self.gestures.press)
        self._show_pointer_shape()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hand(event, self.gestures.move)
        self._tell_pointer()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._hand(event, self.gestures.release)
        self._show_pointer_shape()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._hand(event, self.gestures.double_click)
        self._show_pointer_shape()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.gestures.wheel(event)
        event.accept()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Take the keyboard, so that held keys reach the image under the pointer, unless the user is writing in a field."""
        self._at = event.position()
        if not isinstance(QApplication.focusWidget(), QLineEdit | QAbstractSpinBox):
            self.setFocus(Qt.FocusReason.MouseFocusReason)

    def leaveEvent(self, event: QEvent) -> None:
        self._at = None
        self._move_ring()
        self.pointer_moved.emit(None)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.gestures.let_go()
        self._show_pointer_shape()

    def _tell_pointer(self) -> None:
        """Report the voxel under the pointer."""
        scan, at = self.session.scan, self._at
        voxel = self.scene.voxel_under(at.x(), at.y()) if at is not None else None
        self.pointer_moved.emit(under(scan, self.session.labels, self.session.classes, voxel) if scan is not None and voxel else None)

    def _hand(self, event: QMouseEvent, act: Callable[[QMouseEvent], None]) -> None:
        """Handle a mouse event, and show its changes before it ends."""
        self.begin_event()
        self._at = event.position()
        act(event)
        self.busy = self.session.annotation.stroke_active
        if not self.busy:
            self._painted = NOWHERE
        self._move_ring()
        self.end_event()
