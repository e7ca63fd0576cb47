"""Files dropped on the window: images are opened, masks of the project's images are imported, and where both is possible it asks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from unetstudio.data.quantity import count_text
from unetstudio.ui.panels.text import label
from unetstudio.ui.session import Session
from unetstudio.workspace.mask_matching import Dropped, dropped


class DropQuestion(QDialog):
    """Asks whether files named like images of the project are masks of these, or further images."""

    masks_chosen = Signal()
    images_chosen = Signal()

    def __init__(self, paths: Sequence[Path], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("drop_question")
        self.setWindowTitle("Masks or images?")
        self.resize(480, 180)
        first = paths[0].name if len(paths) == 1 else count_text(len(paths), "file")
        named = "is named like an image" if len(paths) == 1 else "are named like images"
        self.masks_button, self.images_button = QPushButton("Import as masks"), QPushButton("Add as images")
        self.masks_button.setProperty("role", "primary")
        self.masks_button.setDefault(True)
        cancel = QPushButton("Cancel")
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for button in (cancel, self.images_button, self.masks_button):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(12)
        column.addWidget(label(f"{first} {named} of this project.", "sentence"))
        column.addWidget(label("Are these masks of the images, or further images? What you painted by hand stays in both cases."))
        column.addLayout(buttons)
        self.masks_button.clicked.connect(self.masks_chosen)
        self.images_button.clicked.connect(self.images_chosen)
        for button in (cancel, self.images_button, self.masks_button):
            button.clicked.connect(self.close)


def take_dropped(paths: Sequence[Path], session: Session, window: QWidget) -> None:
    """Open dropped images or import dropped masks, after a question where the names allow both."""
    project = session.project
    if project is None or project.read_only:
        session.open_paths(paths)
        return
    match dropped(paths, project.cases.all):
        case Dropped.MASKS:
            session.mask_import.begin(list(paths))
        case Dropped.EITHER:
            question = DropQuestion(paths, window)
            question.masks_chosen.connect(lambda: session.mask_import.begin(list(paths)))
            question.images_chosen.connect(lambda: session.open_paths(paths))
            session.project_closing.connect(question.close)
            question.open()
        case Dropped.IMAGES:
            session.open_paths(paths)
