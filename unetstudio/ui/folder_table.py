"""The images of a predicted folder as a table: each with its mask, or the reason why there is none, and its uncertainty."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from unetstudio.data.case import Source
from unetstudio.inference.events import MaskWritten, Refused

SOURCE = Qt.ItemDataRole.UserRole
UNCERTAINTY = 2
"""The column by which the table is sorted at the end."""


class FolderTable(QTableWidget):
    """Rows stand in the order of the work until they are sorted by uncertainty."""

    image_chosen = Signal(object)  # Source: double-clicked

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 3, parent)
        self.setObjectName("folder_table")
        self.setHorizontalHeaderLabels(["Image", "Mask", "Doubt"])
        self.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.verticalHeader().hide()
        for column in (0, 1):
            self.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        self.setToolTip("Double-click an image to open it here and correct it")
        self.itemDoubleClicked.connect(self._choose)

    def clear_rows(self) -> None:
        """Remove all rows."""
        self.setSortingEnabled(False)
        self.setRowCount(0)

    def add_mask(self, event: MaskWritten) -> None:
        """Show a predicted image."""
        self._add(Source(Path(event.image), event.part), "there already" if event.before else Path(event.path).name, event.mean_uncertainty)

    def add_refused(self, event: Refused) -> None:
        """Show an image that cannot be predicted, and why."""
        self._add(Source(event.image, event.part), event.why, None)

    def sort_by_uncertainty(self) -> None:
        """Put the images with the highest mean uncertainty first."""
        self.setSortingEnabled(True)
        self.sortItems(UNCERTAINTY, Qt.SortOrder.DescendingOrder)

    def _add(self, image: Source, mask: str, mean_uncertainty: float | None) -> None:
        row = self.rowCount()
        self.insertRow(row)
        name = QTableWidgetItem(f"{image.path.name}, {image.part}" if image.part else image.path.name)
        name.setData(SOURCE, image)
        name.setToolTip(str(image.path))
        text = QTableWidgetItem(mask)
        text.setToolTip(mask)
        number = QTableWidgetItem("" if mean_uncertainty is None else f"{mean_uncertainty:.3f}")
        number.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for column, item in enumerate((name, text, number)):
            self.setItem(row, column, item)
        self.scrollToBottom()

    def _choose(self, item: QTableWidgetItem) -> None:
        name = self.item(item.row(), 0)
        if name is not None and name.data(SOURCE):
            self.image_chosen.emit(name.data(SOURCE))
