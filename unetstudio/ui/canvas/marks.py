"""The fixed marks over the image: scale bar, patient directions at the edges, slice number and track, notes, and a caption."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPainterPath, QPen

from unetstudio.ui.canvas.scale_bar import ScaleBar

EDGE = 12
"""Logical pixels between the marks and the widget's edge."""

TRACK = 4
"""Width in logical pixels of the slice track."""

HALO, INK = QColor(0, 0, 0, 190), QColor(255, 255, 255)


@dataclass(frozen=True)
class Marks:
    """The marks to draw; empty texts are left out. `letters` are top, bottom, left, right; the `caption` says what the overlay is."""

    bar: ScaleBar | None = None
    letters: tuple[str, str, str, str] = ("", "", "", "")
    index: int = 0
    count: int = 1
    note: str = ""
    caption: str = ""


def track(area: QRect) -> QRect:
    """Return the column at the right edge in which the slices of a volume are dragged."""
    return QRect(area.right() - EDGE - TRACK, area.top() + 4 * EDGE, TRACK, max(1, area.height() - 8 * EDGE))


def slice_at(area: QRect, y: float, count: int) -> int:
    """Return the slice for a height on the track."""
    rail = track(area)
    return min(max(int((y - rail.top()) / rail.height() * count), 0), count - 1)


def draw_marks(painter: QPainter, area: QRect, dirty: QRect, marks: Marks, font: QFont) -> None:
    """Draw the marks that meet `dirty`."""
    painter.setFont(font)
    metrics = QFontMetrics(font)
    if marks.bar is not None:
        _draw_bar(painter, area, dirty, marks.bar, metrics)
    for text, place in zip(marks.letters, _places(area, metrics), strict=True):
        _write(painter, dirty, place, text, metrics)
    if marks.count > 1:
        _draw_track(painter, area, dirty, marks)
        text = f"slice {marks.index + 1} of {marks.count}"
        x = area.right() - EDGE - metrics.horizontalAdvance(text)
        _write(painter, dirty, QPoint(x, area.bottom() - EDGE), text, metrics)
    _write(painter, dirty, QPoint(area.left() + EDGE, area.top() + EDGE + metrics.ascent()), marks.caption, metrics)
    if marks.note:
        x = area.center().x() - metrics.horizontalAdvance(marks.note) // 2
        _write(painter, dirty, QPoint(x, area.bottom() - EDGE - 2 * metrics.height()), marks.note, metrics)


def _places(area: QRect, metrics: QFontMetrics) -> list[QPoint]:
    """Return the baselines of the four letters in the middle of the edges."""
    half, middle = metrics.horizontalAdvance("A") // 2, area.center()
    return [
        QPoint(middle.x() - half, area.top() + EDGE + metrics.ascent()),
        QPoint(middle.x() - half, area.bottom() - EDGE),
        QPoint(area.left() + EDGE, middle.y() + metrics.ascent() // 2),
        QPoint(area.right() - 2 * EDGE - TRACK - 2 * half, middle.y() + metrics.ascent() // 2),
    ]


def _write(painter: QPainter, dirty: QRect, baseline: QPoint, text: str, metrics: QFontMetrics) -> None:
    """Write light letters with a dark rim."""
    if not text or not metrics.boundingRect(text).adjusted(-3, -3, 6, 6).translated(baseline).intersects(dirty):
        return
    path = QPainterPath()
    path.addText(baseline, painter.font(), text)
    painter.strokePath(path, QPen(HALO, 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.fillPath(path, INK)


def _draw_bar(painter: QPainter, area: QRect, dirty: QRect, bar: ScaleBar, metrics: QFontMetrics) -> None:
    line = QRectF(area.left() + EDGE, area.bottom() - EDGE - 3, bar.pixels, 3)
    _write(painter, dirty, QPoint(area.left() + EDGE, int(line.top()) - 6), bar.text, metrics)
    if line.adjusted(-2, -2, 2, 2).toAlignedRect().intersects(dirty):
        painter.fillRect(line.adjusted(-1, -1, 1, 1), HALO)
        painter.fillRect(line, INK)


def _draw_track(painter: QPainter, area: QRect, dirty: QRect, marks: Marks) -> None:
    rail = track(area)
    if not rail.adjusted(-4, -4, 4, 4).intersects(dirty):
        return
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 110))
    painter.drawRoundedRect(QRectF(rail).adjusted(-1, -1, 1, 1), 3, 3)
    height = max(10.0, rail.height() / marks.count)
    top = rail.top() + (rail.height() - height) * marks.index / max(1, marks.count - 1)
    painter.setBrush(QColor(255, 255, 255, 220))
    painter.drawRoundedRect(QRectF(rail.left(), top, rail.width(), height), 2, 2)
