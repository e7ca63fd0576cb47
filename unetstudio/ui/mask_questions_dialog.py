"""The question what values of masks mean that cannot be told: one table, in which each value or colour is given a class."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from unetstudio.data.classes import ClassTable
from unetstudio.data.labels import UNLABELLED
from unetstudio.data.quantity import count_text
from unetstudio.formats.masks.questions import Doubt, Question
from unetstudio.ui.mask_import import NEW_CLASS, MaskImport, Undecided
from unetstudio.ui.panels.text import label

UNDECIDED = -2
"""The choice of a value that has no class yet."""
SWATCH = 14
"""Edge of a colour's square in pixels."""


class MaskQuestionsDialog(QDialog):
    """Nothing is imported before each value has a class, or is said to be not annotated; cancelling imports nothing."""

    def __init__(self, masks: MaskImport, undecided: Undecided, classes: ClassTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("mask_questions")
        self.setWindowTitle("What do these masks mean?")
        self.resize(640, 420)
        self._masks, self._undecided, self._classes = masks, undecided, classes
        self.table = QTableWidget(len(undecided.questions), 3)
        self.choices = [self._choice(question) for question in undecided.questions]
        self.import_button = QPushButton("Import")
        self.import_button.setObjectName("import_masks")
        self.import_button.setProperty("role", "primary")
        self.cancel_button = QPushButton("Cancel")
        self._fill(undecided.questions)
        self._lay_out(undecided.notes)
        self.import_button.clicked.connect(self.accept)
        self.cancel_button.clicked.connect(self.reject)
        self.rejected.connect(lambda: masks.cancel(undecided))
        self._refresh()

    def accept(self) -> None:
        """Import with the chosen classes."""
        self._masks.answer(self._undecided, [int(box.currentData()) for box in self.choices])
        super().accept()

    def _choice(self, question: Question) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(f"Class of {question.text}")
        box.addItem("Choose …", UNDECIDED)
        for entry in self._classes:
            box.addItem(_swatch(QColor(*entry.colour)), entry.name, entry.value)
        box.addItem("Not annotated", UNLABELLED)
        if question.doubt is not Doubt.WHITE:
            box.addItem(f"A new class: {question.class_name}", NEW_CLASS)
        box.currentIndexChanged.connect(lambda _: self._refresh())
        return box

    def _fill(self, questions: Sequence[Question]) -> None:
        table = self.table
        table.setObjectName("mask_values")
        table.setHorizontalHeaderLabels(["In the masks", "Voxels", "Class"])
        table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        table.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
        table.verticalHeader().hide()
        for column in (0, 2):
            table.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        for row, (question, box) in enumerate(zip(questions, self.choices, strict=True)):
            value, voxels = QTableWidgetItem(question.text), QTableWidgetItem(f"{question.voxels:,}")
            if question.doubt is Doubt.NO_COLOUR:
                value.setIcon(_swatch(QColor(question.text[:7])))
            value.setToolTip(f"{question.doubt.value}; first in {question.path.name}")
            voxels.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            table.setItem(row, 0, value)
            table.setItem(row, 1, voxels)
            table.setCellWidget(row, 2, box)
        table.resizeRowsToContents()

    def _lay_out(self, notes: Sequence[str]) -> None:
        reasons = dict.fromkeys(question.doubt.value for question in self._undecided.questions)
        number = len(self._undecided.questions)
        word = "name" if all(question.counted for question in self._undecided.questions) else "value"
        values = f"a {word} in them means" if number == 1 else f"{count_text(number, word)} in them mean"
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(8)
        column.addWidget(label(f"The masks do not tell what {values}: {'; '.join(reasons)}.", "sentence"))
        column.addWidget(self.table, 1)
        if notes:
            column.addWidget(label("\n".join(notes[:6]), "small", "mask_notes"))
        column.addWidget(label("What you painted by hand stays.", "small"))
        buttons = QHBoxLayout()
        self.cancel_button.setAutoDefault(False)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.import_button)
        column.addLayout(buttons)

    def _refresh(self) -> None:
        self.import_button.setEnabled(all(box.currentData() != UNDECIDED for box in self.choices))


def _swatch(colour: QColor) -> QIcon:
    square = QPixmap(SWATCH, SWATCH)
    square.fill(colour)
    return QIcon(square)
