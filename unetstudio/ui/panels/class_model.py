"""The rows of the classes panel: every class with its key and its amount in the open case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from unetstudio.data.classes import LabelClass
from unetstudio.ui.panels import wording
from unetstudio.ui.session import Session

ROW = Qt.ItemDataRole.UserRole

NO_PARENT = QModelIndex()


@dataclass(frozen=True)
class ClassRow:
    """The values shown in one row."""

    label: LabelClass
    key: str  # "1".."9", or "" beyond
    voxels: int
    active: bool


class ClassModel(QAbstractListModel):
    """Reads classes and voxel counts from the session, and renames classes there."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._rows = tuple(session.classes)
        session.classes_changed.connect(self._reload)
        session.case_opened.connect(self._refresh)
        session.project_closed.connect(self._reload)
        session.annotation.labels_edited.connect(self._refresh)
        session.annotation.active_class_changed.connect(self._refresh)

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def row_of(self, value: int) -> int:
        """Return the row of a label value, -1 when there is none."""
        return next((row for row, label in enumerate(self._rows) if label.value == value), -1)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self._row(index.row())
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return row.label.name
            case Qt.ItemDataRole.AccessibleTextRole:
                return self._spoken(row)
            case _ if role == ROW:
                return row
        return None

    def setData(self, index: QModelIndex | QPersistentModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        name = str(value).strip()
        if role != Qt.ItemDataRole.EditRole or not index.isValid() or not name:
            return False
        label = self._rows[index.row()]
        if name != label.name:
            self._session.change(lambda project: project.classes.rename(label.value, name))
        return True

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags if self._session.read_only else flags | Qt.ItemFlag.ItemIsEditable

    def amount(self, row: ClassRow) -> str:
        """Return a class's voxels in the open case, and mm² or mm³ where the spacing is known."""
        scan = self._session.scan
        if scan is None:
            return "No case is open"
        return wording.amount(row.voxels, scan.geometry, volume=scan.is_volume)

    def _row(self, place: int) -> ClassRow:
        label, labels = self._rows[place], self._session.labels
        voxels = 0 if labels is None else int(labels.counts[label.value])
        return ClassRow(label, str(place + 1) if place < 9 else "", voxels, label.value == self._session.annotation.active_class)

    def _spoken(self, row: ClassRow) -> str:
        states = [
            "active" if row.active else "",
            "" if row.label.visible else "hidden",
            "locked" if row.label.locked else "",
            self.amount(row),
        ]
        return ", ".join([row.label.name, *filter(None, states)])

    def _reload(self) -> None:
        rows = tuple(self._session.classes)
        if [label.value for label in rows] == [label.value for label in self._rows]:
            self._rows = rows  # the same classes in the same order: keeps an open name editor and the scroll position
            self._refresh()
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def _refresh(self) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))
