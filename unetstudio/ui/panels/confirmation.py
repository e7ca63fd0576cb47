"""A question inside a panel, in place of a message box."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from unetstudio.ui.panels.text import label


class Confirmation(QWidget):
    """A question with two buttons; `answered` is True when the user goes ahead, False on Cancel."""

    answered = Signal(bool)

    def __init__(self, question: str, go_ahead: str, *, name: str, parent: QWidget | None = None) -> None:
        """Ask `question`; `go_ahead` is the text of the confirming button."""
        super().__init__(parent)
        self.setObjectName(name)
        yes, no = QPushButton(go_ahead), QPushButton("Cancel")
        yes.setObjectName(f"{name}_yes")
        no.setObjectName(f"{name}_no")
        yes.setProperty("role", "danger")
        for button in (yes, no):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        yes.clicked.connect(lambda: self.answered.emit(True))
        no.clicked.connect(lambda: self.answered.emit(False))
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(yes, 1)
        row.addWidget(no, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(label(question, "body"))
        column.addLayout(row)
