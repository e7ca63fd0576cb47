"""Drawing of a case in the strip: thumbnail, name, a dot for its review state and a bar for its annotated share."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPainterPath
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from unetstudio.data.case import ReviewState
from unetstudio.ui.panels.case_model import ANNOTATED, CASE, THUMBNAIL
from unetstudio.ui.resources import icon
from unetstudio.ui.theme import Tokens, tokens
from unetstudio.ui.thumbnail import draw_thumbnail

MARGIN = 8
PICTURE_HEIGHT = 84
SIGNS = {ReviewState.ACCEPTED: "accept", ReviewState.CORRECTED: "brush", ReviewState.REJECTED: "reject"}


class CaseDelegate(QStyledItemDelegate):
    """Draws one row; review states differ in sign as well as in colour."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(120, PICTURE_HEIGHT + option.fontMetrics.height() + 3 * MARGIN)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        t = tokens()
        case = index.data(CASE)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        under_pointer = bool(option.state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        card = QRectF(option.rect).adjusted(4, 2, -4, -2)
        if selected or under_pointer:
            _fill_round(painter, card, 6, QColor(t.accent_soft if selected else t.hover))
        picture = QRect(option.rect.left() + MARGIN, option.rect.top() + MARGIN, option.rect.width() - 2 * MARGIN, PICTURE_HEIGHT)
        draw_thumbnail(painter, QRectF(picture), index.data(THUMBNAIL), radius=4, sign=22)
        if selected:
            painter.setPen(QColor(t.accent))
            painter.drawRoundedRect(QRectF(picture).adjusted(-0.5, -0.5, 0.5, 0.5), 4, 4)
        _draw_progress(painter, picture, index.data(ANNOTATED) or 0.0, t)
        _draw_state(painter, picture, case.review, t)
        line = QRect(picture.left() + 1, picture.bottom() + 5, picture.width() - 2, option.fontMetrics.height())
        painter.setPen(QColor(t.text if selected else t.muted))
        painter.drawText(
            line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shortened(case.name, option.fontMetrics, line.width())
        )
        painter.restore()


def shortened(name: str, metrics: QFontMetrics, width: int) -> str:
    """Shorten a name that is too wide: first that of the file, so that several images of one file still differ."""
    file, comma, part = name.partition(", ")
    room = width - metrics.horizontalAdvance(comma + part)
    if not part or metrics.horizontalAdvance(name) <= width:
        return metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, width)
    if room < metrics.horizontalAdvance("m…"):
        return metrics.elidedText(name, Qt.TextElideMode.ElideLeft, width)
    return metrics.elidedText(file, Qt.TextElideMode.ElideMiddle, room) + comma + part


def _draw_progress(painter: QPainter, place: QRect, share: float, t: Tokens) -> None:
    """Draw a bar at the foot of the picture; after the first stroke it is long enough to be seen."""
    if share <= 0:
        return
    width = max(6.0, min(share, 1.0) * (place.width() - 12))
    _fill_round(painter, QRectF(place.left() + 6, place.bottom() - 8, place.width() - 12, 4), 2, QColor(0, 0, 0, 110))
    _fill_round(painter, QRectF(place.left() + 6, place.bottom() - 8, width, 4), 2, QColor(t.accent))


def _draw_state(painter: QPainter, place: QRect, state: ReviewState, t: Tokens) -> None:
    """Draw a round badge at the upper right; an unreviewed case has none."""
    if state is ReviewState.UNREVIEWED:
        return
    colours = {ReviewState.ACCEPTED: "#17804c", ReviewState.CORRECTED: "#2f5fde", ReviewState.REJECTED: "#c22f2b"}
    badge = QRectF(place.right() - 22, place.top() + 5, 17, 17)
    painter.setPen(QColor(255, 255, 255, 220))
    painter.setBrush(QColor(colours[state]))
    painter.drawEllipse(badge)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    icon(SIGNS[state], QColor("white")).paint(painter, badge.toRect().adjusted(3, 3, -3, -3))


def _fill_round(painter: QPainter, place: QRectF, radius: float, colour: QColor) -> None:
    outline = QPainterPath()
    outline.addRoundedRect(place, radius, radius)
    painter.fillPath(outline, colour)
