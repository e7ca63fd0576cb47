"""The dialog with the history of a case: every change of its labels and every review, and their export as CSV."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from unetstudio.data.quantity import count_text
from unetstudio.project.audit import AuditLine
from unetstudio.ui.history import HistoryReader
from unetstudio.ui.history_model import COLUMNS, HistoryModel
from unetstudio.ui.notifier import Notifier
from unetstudio.ui.resources import icon

LIMITS = (
    "Like the audit trail of 21 CFR Part 11, but not compliant with it: names are as typed or as the computer knows them, "
    "nobody proved who they are, and nothing is signed."
)


class HistoryDialog(QDialog):
    """Shows the case that is open now; not modal, so that one can look at the image beside it."""

    def __init__(self, notifier: Notifier, history: HistoryReader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(False)
        self._history = history
        self._case = None if notifier.case is None else notifier.case.case
        name = self._case.name if self._case is not None else ""
        self.setWindowTitle(f"History of {name}" if name else "History")
        self.resize(960, 520)
        self.model = HistoryModel(notifier.classes, volume=self._case is not None and self._case.shape[0] > 1, parent=self)
        self.table = self._make_table()
        self.summary = QLabel("Reading …")
        self.summary.setObjectName("summary")
        self.summary.setWordWrap(True)
        limits = QLabel(LIMITS)
        limits.setProperty("role", "small")
        limits.setWordWrap(True)
        self.export_button = QPushButton(icon("export"), "Export as CSV …")
        self.export_button.setObjectName("export_history")
        self.export_button.clicked.connect(self._export)
        close = QPushButton("Close")
        close.setDefault(True)
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addWidget(self.export_button)
        buttons.addStretch(1)
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 16)
        layout.setSpacing(12)
        layout.addWidget(self.summary)
        layout.addWidget(self.table, 1)
        layout.addWidget(limits)
        layout.addLayout(buttons)
        self.export_button.setEnabled(False)
        self.refresh()

    def refresh(self) -> None:
        """Read the trail again."""
        if self._case is not None:
            self._history.ask_trail(self._case.id, self._show)

    def _show(self, lines: list[AuditLine]) -> None:
        if not isValid(self):  # closed before the disk thread answered
            return
        self.model.show_lines(lines)
        self.summary.setText(summary(lines))
        self.export_button.setEnabled(bool(lines))

    def _export(self) -> None:
        if self._case is None:
            return
        chosen, _ = QFileDialog.getSaveFileName(self, "Export the history of this case", f"{self._case.name} history.csv", "CSV (*.csv)")
        if chosen:
            self._history.export(Path(chosen), self._case.id)

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self.model)
        table.setObjectName("history")
        table.setAccessibleName("History, newest first")
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setShowGrid(False)
        table.setAlternatingRowColors(True)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, width in enumerate((150, 130, 280, 130, 70, 160)):
            header.resizeSection(column, width)
        header.setSectionResizeMode(COLUMNS.index("What"), QHeaderView.ResizeMode.Stretch)
        return table


def summary(lines: list[AuditLine]) -> str:
    """Count the entries, and say whether each record still matches the checksum of the one before it."""
    if not lines:
        return "Nothing was done to this case yet."
    broken = sum(not line.chain_ok for line in lines)
    if not broken:
        return f"{count_text(len(lines), 'entry', 'entries')}. Each record carries the seal of the one before it, and all seals fit."
    entries, places = count_text(len(lines), "entry", "entries"), count_text(broken, "place")
    return f"{entries}. At {places} the seal of the record before does not fit: records there are missing or damaged."
