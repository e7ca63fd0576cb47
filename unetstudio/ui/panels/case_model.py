"""The cases of the project as rows of a list, which can be filtered and reordered by dragging; thumbnails are read when they are shown."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QPixmap

from unetstudio.data.case import Case
from unetstudio.ui.session import Session

CASE = Qt.ItemDataRole.UserRole
THUMBNAIL = Qt.ItemDataRole.UserRole + 1
ANNOTATED = Qt.ItemDataRole.UserRole + 2
MIME = "application/x-unetstudio-case"
PICTURES_KEPT = 400

NO_PARENT = QModelIndex()


class CaseModel(QAbstractListModel):
    """Rows of the session's cases; it holds none itself."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._words = ""
        self._shown: list[Case] = []
        self._places: dict[str, int] = {}
        self._pictures: OrderedDict[str, QPixmap] = OrderedDict()

    def refresh(self) -> None:
        """Read the session's cases; the list is reset only where cases were removed or moved."""
        shown = [case for case in self._session.cases if _matches(case, self._words)]
        if [case.id for case in shown] == [case.id for case in self._shown]:
            self._shown = shown
            if shown:
                self.dataChanged.emit(self.index(0), self.index(len(shown) - 1))
            return
        before = len(self._shown)
        if [case.id for case in shown[:before]] == [case.id for case in self._shown]:
            self.beginInsertRows(QModelIndex(), before, len(shown) - 1)  # images are being added: the list must not jump
            self._take(shown)
            self.endInsertRows()
            return
        self.beginResetModel()
        self._take(shown)
        self.endResetModel()

    def _take(self, shown: list[Case]) -> None:
        self._shown = shown
        self._places = {case.id: row for row, case in enumerate(shown)}

    def refresh_case(self, case_id: str) -> None:
        """Repaint one row."""
        index = self.index_of(case_id)
        if index.isValid():
            self.dataChanged.emit(index, index)

    def narrow(self, words: str) -> None:
        """Show only the cases whose name or review state contains these words."""
        self._words = words.strip().lower()
        self.refresh()

    def index_of(self, case_id: str) -> QModelIndex:
        """Return the row of a case; invalid when it is not shown."""
        return self.index(self._places[case_id]) if case_id in self._places else QModelIndex()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        case = self._shown[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return case.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return _describe(case, self._session.case_opener.notes.get(case.id, ()))
        if role == CASE:
            return case
        if role == THUMBNAIL:
            return self._picture(case.id)
        if role == ANNOTATED:
            return self._annotated_share(case)
        return None

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        return [MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        carried = QMimeData()
        carried.setData(MIME, self._shown[indexes[0].row()].id.encode())
        return carried

    def dropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: QModelIndex | QPersistentModelIndex
    ) -> bool:
        """Ask the session to move the case; return False, since the list follows the session and no row is to be removed here."""
        if not data.hasFormat(MIME):
            return False
        case_id = bytes(data.data(MIME).data()).decode()
        place = row if row >= 0 else (parent.row() if parent.isValid() else len(self._shown))
        before = self._places.get(case_id, place)
        self._session.change(lambda project: project.cases.move(case_id, place - 1 if before < place else place))
        return False

    def _annotated_share(self, case: Case) -> float:
        """Return the share of a case's voxels that carry a class, as last known."""
        project = self._session.project
        if project is None:
            return 0.0
        open_case = project.case
        return open_case.annotated_share if open_case is not None and open_case.id == case.id else project.cases.annotated_share(case.id)

    def _picture(self, case_id: str) -> QPixmap | None:
        if case_id in self._pictures:
            self._pictures.move_to_end(case_id)
            return self._pictures[case_id]
        project = self._session.project
        if project is None:
            return None
        picture = QPixmap(str(project.thumbnail(case_id)))
        if picture.isNull():
            return None
        self._pictures[case_id] = picture
        if len(self._pictures) > PICTURES_KEPT:
            self._pictures.popitem(last=False)
        return picture


def _matches(case: Case, words: str) -> bool:
    return all(word in case.name.lower() or word in case.review.value for word in words.split())


def _describe(case: Case, notes: Sequence[str]) -> str:
    """Return name, size, kind, review state, and what was said when the image was read, for the tool tip."""
    z, y, x = case.shape
    size = f"{x} × {y} × {z}" if case.is_volume else f"{x} × {y}"
    return "\n".join(part for part in (case.name, f"{size}  {case.kind}".strip(), case.review.value.capitalize(), *notes) if part)
