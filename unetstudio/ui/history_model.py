"""The history of a case as a Qt table model: one row for each change or review."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from unetstudio.data.classes import ClassTable
from unetstudio.project.audit import AuditLine
from unetstudio.ui import history_words

COLUMNS = ("When", "Who", "What", "Class", "Voxels", "Where")
NUMBERS = COLUMNS.index("Voxels")
NO_PARENT = QModelIndex()


class HistoryModel(QAbstractTableModel):
    """The lines of the audit trail, newest first."""

    def __init__(self, classes: ClassTable, *, volume: bool, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._classes = classes
        self._volume = volume
        self.lines: list[AuditLine] = []

    def show_lines(self, lines: list[AuditLine]) -> None:
        """Replace the lines."""
        self.beginResetModel()
        self.lines = lines
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = NO_PARENT) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> str | Qt.AlignmentFlag | None:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole and section == NUMBERS:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return COLUMNS[section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> str | Qt.AlignmentFlag | None:
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == NUMBERS:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        line = self.lines[index.row()]
        match COLUMNS[index.column()]:
            case "When":
                return history_words.when(line)
            case "Who":
                return history_words.who(line)
            case "What":
                return history_words.action(line)
            case "Class":
                return history_words.class_name(line, self._classes)
            case "Voxels":
                return history_words.voxels(line).partition(" ")[0]
            case _:
                return history_words.where(line, volume=self._volume)
