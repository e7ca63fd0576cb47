"""The list of classes: a click on a row makes it the active class, one on its colour, eye or lock changes that."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QToolTip, QWidget

from unetstudio.ui.panels.class_delegate import ClassDelegate, Part
from unetstudio.ui.panels.class_model import ROW, ClassModel, ClassRow

ROWS_SHOWN = 9


class ClassList(QListView):
    """The list view, as tall as its rows, up to ROWS_SHOWN; it scrolls beyond."""

    part_clicked = Signal(int, object)  # label value, Part.SWATCH, Part.EYE or Part.LOCK

    def __init__(self, model: ClassModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._delegate = ClassDelegate(self)
        self.setObjectName("class_list")
        self.setAccessibleName("Classes")
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard with the canvas
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed)
        model.modelReset.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        rows = max(1, min(ROWS_SHOWN, self._model.rowCount()))
        height = self.sizeHintForRow(0) if self._model.rowCount() else 32
        return QSize(240, rows * height + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def part_at(self, event: QMouseEvent | QHelpEvent) -> tuple[QModelIndex, Part]:
        """Return the row and its part at an event's position."""
        point = event.position().toPoint() if isinstance(event, QMouseEvent) else event.pos()
        index = self.indexAt(point)
        return index, self._delegate.part_at(self.visualRect(index), self.fontMetrics(), point)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index, part = self.part_at(event)
        if index.isValid() and event.button() == Qt.MouseButton.LeftButton and part in {Part.SWATCH, Part.EYE, Part.LOCK}:
            self.part_clicked.emit(index.data(ROW).label.value, part)
        elif event.button() == Qt.MouseButton.LeftButton:  # the right button opens the menu and leaves the active class
            super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        _, part = self.part_at(event)
        if part in {Part.SWATCH, Part.EYE, Part.LOCK}:  # a quick second click on the eye is another click, not a rename
            self.mousePressEvent(event)
            return
        super().mouseDoubleClickEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        index, part = self.part_at(event)
        self._hover((index.row(), part) if index.isValid() else None)
        super().mouseMoveEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._hover(None)
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index, part = self.part_at(event)
            QToolTip.showText(event.globalPos(), self.hint(index.data(ROW), part) if index.isValid() else "", self)
            return True
        return super().viewportEvent(event)

    def hint(self, row: ClassRow, part: Part) -> str:
        """Return the tool tip of a part: what a click does, or the full value."""
        match part:
            case Part.KEY:
                return f"Press {row.key} to paint {row.label.name}" if row.key else row.label.name
            case Part.SWATCH:
                return "Change the colour"
            case Part.EYE:
                return "Hide this class" if row.label.visible else "Show this class"
            case Part.LOCK:
                return "Unlock: strokes may change it again" if row.label.locked else "Lock: no stroke may change its pixels"
            case Part.COUNT:
                return self._model.amount(row)
            case Part.NAME:
                return f"{row.label.name}\n{self._model.amount(row)}\nDouble click to rename"

    def _hover(self, place: tuple[int, Part] | None) -> None:
        if place != self._delegate.hovered:
            self._delegate.hovered = place
            self.viewport().update()
