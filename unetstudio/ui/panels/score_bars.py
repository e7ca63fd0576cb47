"""The score of every class as a small bar in its colour."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from unetstudio.data.classes import LabelClass

MOST_ROWS = 12


class ScoreBars(QWidget):
    """One row for each class: name, bar from 0 to 1, number; a class without a score has a dash."""

    def __init__(self, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName("Score of each class")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip("Dice overlap with strokes that were kept out of training: 1 is perfect")
        self._rows: list[tuple[LabelClass, float | None]] = []

    def show_scores(self, classes: list[LabelClass], scores: dict[int, float]) -> None:
        """Show scores by class value."""
        self._rows = [(label, scores.get(label.value)) for label in classes[:MOST_ROWS]]
        spoken = [f"{label.name} {'not scored yet' if score is None else f'{score:.2f}'}" for label, score in self._rows]
        self.setAccessibleDescription(", ".join(spoken))
        self.updateGeometry()
        self.update()

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
            bar = QRectF(names + 8, top + self._line / 2 - 3, self.width() - names - number - 16, 6)
            groove = QColor(ink)
            groove.setAlphaF(0.10)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(groove)
            painter.drawRoundedRect(bar, 3, 3)
            if score is not None:
                painter.setBrush(QColor(*label.colour))
                bar.setWidth(max(6.0, bar.width() * min(1.0, max(0.0, score))))
                painter.drawRoundedRect(bar, 3, 3)
