"""Drawing of a class in its row, and the part of the row at a point."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPalette, QPen
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from unetstudio.ui.panels import wording
from unetstudio.ui.panels.class_model import ROW, ClassRow
from unetstudio.ui.resources import icon
from unetstudio.ui.theme import tokens

GAP = 6
SWATCH = 18
ICON = 16


class Part(Enum):
    """A part of a row that reacts to the pointer."""

    KEY = "key"
    SWATCH = "swatch"
    NAME = "name"
    COUNT = "count"
    EYE = "eye"
    LOCK = "lock"


class ClassDelegate(QStyledItemDelegate):
    """Draws key, colour, name, count, eye and lock; edits the name in place."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.hovered: tuple[int, Part] | None = None  # row and part under the pointer

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(160, max(32, option.fontMetrics.height() + 14))

    @staticmethod
    def parts(rect: QRect, metrics: QFontMetrics) -> dict[Part, QRect]:
        """Return the rectangles of a row's parts, from left to right; the name takes the rest."""
        key_width, count_width, button = metrics.horizontalAdvance("0") + 8, metrics.horizontalAdvance("00.00k"), ICON + 8
        left, right, top, height = rect.left() + GAP, rect.right() - 2, rect.top(), rect.height()
        key = QRect(left, top, key_width, height)
        swatch = QRect(key.right() + 1, top, SWATCH + 8, height)
        lock = QRect(right - button, top, button, height)
        eye = QRect(lock.left() - button, top, button, height)
        count = QRect(eye.left() - count_width - 2, top, count_width, height)
        name = QRect(swatch.right() + 4, top, count.left() - swatch.right() - 8, height)
        return {Part.KEY: key, Part.SWATCH: swatch, Part.NAME: name, Part.COUNT: count, Part.EYE: eye, Part.LOCK: lock}

    def part_at(self, rect: QRect, metrics: QFontMetrics, point: QPoint) -> Part:
        """Return the part of a row at a point; between parts it is the name."""
        return next((part for part, area in self.parts(rect, metrics).items() if area.contains(point)), Part.NAME)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        row: ClassRow = index.data(ROW)
        parts = self.parts(option.rect, option.fontMetrics)
        palette = option.palette
        hovered = self.hovered is not None and self.hovered[0] == index.row()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_ground(painter, option, row, hovered)
        muted = QColor(tokens().muted)
        ink = palette.color(QPalette.ColorRole.Text) if row.label.visible else muted
        painter.setPen(muted)
        painter.drawText(parts[Part.KEY], Qt.AlignmentFlag.AlignCenter, row.key)
        self._draw_swatch(painter, parts[Part.SWATCH], row, palette)
        font = QFont(option.font)
        font.setBold(row.active)
        painter.setFont(font)
        painter.setPen(ink)
        align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        name = QFontMetrics(font).elidedText(row.label.name, Qt.TextElideMode.ElideRight, parts[Part.NAME].width())
        painter.drawText(parts[Part.NAME], align, name)
        painter.setFont(option.font)
        painter.setPen(muted)
        painter.drawText(
            parts[Part.COUNT],
            Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
            wording.short_count(row.voxels) if row.voxels else "–",
        )
        self._draw_button(painter, parts[Part.EYE], "eye" if row.label.visible else "eye-off", strong=hovered or not row.label.visible)
        if row.label.locked or hovered:
            self._draw_button(painter, parts[Part.LOCK], "lock" if row.label.locked else "unlock", strong=row.label.locked)
        painter.restore()

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QWidget:
        editor = QLineEdit(parent)
        editor.setObjectName("class_name_editor")
        editor.setMaxLength(80)
        editor.setFrame(False)
        return editor

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        parts = self.parts(option.rect, option.fontMetrics)
        editor.setGeometry(parts[Part.NAME].united(parts[Part.COUNT]).adjusted(-4, 3, 0, -3))

    @staticmethod
    def _draw_ground(painter: QPainter, option: QStyleOptionViewItem, row: ClassRow, hovered: bool) -> None:
        """Tint the active row and mark it with a bar; tint the row under the pointer faintly."""
        accent = QColor(option.palette.color(QPalette.ColorRole.Highlight))
        accent.setAlphaF(0.20 if row.active else 0.08 if hovered else 0.0)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(accent)
        painter.drawRoundedRect(option.rect.adjusted(0, 1, 0, -1), 5, 5)
        if row.active:
            painter.setBrush(option.palette.color(QPalette.ColorRole.Highlight))
            painter.drawRoundedRect(QRect(option.rect.left(), option.rect.top() + 6, 3, option.rect.height() - 12), 1.5, 1.5)
        if option.state & QStyle.StateFlag.State_HasFocus and option.state & QStyle.StateFlag.State_KeyboardFocusChange:
            painter.setPen(QPen(option.palette.color(QPalette.ColorRole.Highlight), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(option.rect.adjusted(1, 2, -1, -2), 4, 4)

    @staticmethod
    def _draw_swatch(painter: QPainter, area: QRect, row: ClassRow, palette: QPalette) -> None:
        """Draw the class colour; hollow while the class is hidden."""
        square = QRect(0, 0, SWATCH, SWATCH)
        square.moveCenter(area.center())
        colour = QColor(*row.label.colour)
        edge = QColor(palette.color(QPalette.ColorRole.Text))
        edge.setAlphaF(0.25)
        painter.setPen(QPen(edge if row.label.visible else colour, 1 if row.label.visible else 2))
        painter.setBrush(colour if row.label.visible else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(square, 4, 4)

    @staticmethod
    def _draw_button(painter: QPainter, area: QRect, name: str, *, strong: bool) -> None:
        square = QRect(0, 0, ICON, ICON)
        square.moveCenter(area.center())
        painter.setOpacity(1.0 if strong else 0.55)
        icon(name).paint(painter, square)
        painter.setOpacity(1.0)
