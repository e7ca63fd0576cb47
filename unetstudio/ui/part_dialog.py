"""The dialog that chooses among several images in one file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from unetstudio.data.quantity import count_text
from unetstudio.formats.finding.found_image import FoundImage
from unetstudio.formats.finding.part_choice import files_of_several, proposed
from unetstudio.ui.panels.text import label


class PartDialog(QDialog):
    """Lists the images of the files that hold several; images that are alone in their file are opened without being asked about.

    `choose` is called once, with the images to open, in their order; with none when the user cancels.
    """

    def __init__(self, images: Sequence[FoundImage], choose: Callable[[Sequence[FoundImage]], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("part_dialog")
        self.setWindowTitle("Open images")
        self.resize(460, 420)
        self._images, self._choose = images, choose
        self._items: dict[FoundImage, QListWidgetItem] = {}
        self.list = QListWidget()
        self.list.setObjectName("part_list")
        self.list.setAccessibleName("Images to open")
        self.all_button, self.none_button = QPushButton("All"), QPushButton("None")
        self.open_button, self.cancel_button = QPushButton("Open"), QPushButton("Cancel")
        self.open_button.setObjectName("open_parts")
        self.open_button.setProperty("role", "primary")
        self.open_button.setDefault(True)
        for button in (self.all_button, self.none_button, self.cancel_button):
            button.setAutoDefault(False)
        self._lay_out()
        self._fill()
        self.list.itemChanged.connect(self._show_count)
        self.all_button.clicked.connect(lambda: self._tick(on=True))
        self.none_button.clicked.connect(lambda: self._tick(on=False))
        self.open_button.clicked.connect(self.accept)
        self.cancel_button.clicked.connect(self.reject)
        self.finished.connect(self._finish)
        self._show_count()

    @property
    def ticked(self) -> list[FoundImage]:
        """The images to open."""
        return [image for image in self._images if image not in self._items or self._items[image].checkState() == Qt.CheckState.Checked]

    def _lay_out(self) -> None:
        files = [path.name for path in files_of_several(self._images)]
        words = f"{files[0]} holds several images." if len(files) == 1 else f"{len(files)} files hold several images."
        buttons = QHBoxLayout()
        buttons.addWidget(self.all_button)
        buttons.addWidget(self.none_button)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.open_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(8)
        column.addWidget(label(words, name="part_words"))
        column.addWidget(self.list, 1)
        column.addLayout(buttons)

    def _fill(self) -> None:
        groups, ticked = files_of_several(self._images), set(proposed(self._images))
        for path, inside in groups.items():
            for image in inside:
                name = image.name or image.source.part
                item = QListWidgetItem(name if len(groups) == 1 else f"{path.name}: {name}", self.list)
                item.setToolTip(str(path))
                item.setCheckState(Qt.CheckState.Checked if image in ticked else Qt.CheckState.Unchecked)
                self._items[image] = item

    def _tick(self, *, on: bool) -> None:
        for item in self._items.values():
            item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)

    def _show_count(self) -> None:
        count = len(self.ticked)
        self.open_button.setText(f"Open {count_text(count, 'image')}" if count else "Open")
        self.open_button.setEnabled(count > 0)

    def _finish(self, result: int) -> None:
        self._choose(self.ticked if result == QDialog.DialogCode.Accepted else ())
