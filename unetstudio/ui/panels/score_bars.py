"""The score of every class as a small bar in its colour, and who predicts it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from unetstudio.data.classes import LabelClass
from unetstudio.ui.learning_sentences import weighing

MOST_ROWS = 12

DIAL = 9
"""Diameter in logical pixels of the sign that tells who predicts a class."""

SCORE = "Dice overlap with strokes that were kept out of training: 1 is perfect"


class ScoreBars(QWidget):
    """One row for each class: name, bar from 0 to 1, number; a class without a score has a dash.

    Where a network and a quick guess predict together, a small dial before the number is filled by the network's share.
    """

    def __init__(self, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName("Score of each class")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._rows: list[tuple[LabelClass, float | None]] = []
        self._shares: Mapping[int, float] = {}
        self._network = ""

    def show_scores(
        self, classes: Sequence[LabelClass], scores: Mapping[int, float], shares: Mapping[int, float] | None = None, network: str = ""
    ) -> None:
        """Show scores by class value, and by `shares` how much the network of this title weighs beside a quick guess."""
        self._rows = [(label, scores.get(label.value)) for label in classes[:MOST_ROWS]]
        self._shares, self._network = shares or {}, network
        self.setAccessibleDescription(", ".join(self._words(label, score) for label, score in self._rows))
        self.updateGeometry()
        self.update()

    def event(self, event: QEvent) -> bool:
        """Show who predicts the class under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.hint_at(event.pos().y()), self)
            return True
        return super().event(event)

    def hint_at(self, y: int) -> str:
        """Return the tooltip of the row at a height."""
        row = y // self._line
        return SCORE if row >= len(self._rows) else f"{self._words(*self._rows[row])}\n{SCORE}"

    def _words(self, label: LabelClass, score: float | None) -> str:
        words = f"{label.name} {'not scored yet' if score is None else f'{score:.2f}'}"
        share = self._shares.get(label.value)
        return words if share is None else f"{words} ({weighing(share, self._network)})"

    @property
    def _line(self) -> int:
        return self.fontMetrics().height() + 6

    def sizeHint(self) -> QSize:
        return QSize(200, self._line * len(self._rows))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = self.fontMetrics()
        number = metrics.horizontalAdvance("0.00") + 4
        names = min(int(self.width() * 0.4), max((metrics.horizontalAdvance(label.name) for label, _ in self._rows), default=0) + 2)
        ink = self.palette().color(QPalette.ColorRole.Text)
        for place, (label, score) in enumerate(self._rows):
            top = place * self._line
            name = metrics.elidedText(label.name, Qt.TextElideMode.ElideRight, names)
            painter.setPen(ink)
            painter.drawText(QRectF(0, top, names, self._line), Qt.AlignmentFlag.AlignVCenter, name)
            text = "–" if score is None else f"{score:.2f}"
            painter.drawText(
                QRectF(self.width() - number, top, number, self._line), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text
            )
            dial = DIAL + 6 if self._shares else 0
            bar = QRectF(names + 8, top + self._line / 2 - 3, self.width() - names - number - 16 - dial, 6)
            groove = QColor(ink)
            groove.setAlphaF(0.10)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(groove)
            painter.drawRoundedRect(bar, 3, 3)
            if score is not None:
                painter.setBrush(QColor(*label.colour))
                bar.setWidth(max(6.0, bar.width() * min(1.0, max(0.0, score))))
                painter.drawRoundedRect(bar, 3, 3)
            if (share := self._shares.get(label.value)) is not None:
                self._draw_dial(painter, QRectF(self.width() - number - DIAL - 2, top + (self._line - DIAL) / 2, DIAL, DIAL), share)

    def _draw_dial(self, painter: QPainter, area: QRectF, share: float) -> None:
        """Draw a circle that is filled clockwise from the top by a share."""
        ink = self.palette().color(QPalette.ColorRole.Text)
        ink.setAlphaF(0.65)
        painter.setPen(ink)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(area)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        painter.drawPie(area, 90 * 16, -round(360 * 16 * share))
