"""The preferences dialog: the user's name for the audit trail."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from unetstudio.project.record import account_name
from unetstudio.ui.preferences import AUTHOR, Preferences
from unetstudio.ui.saving import Saver

LONGEST = 80


class PreferencesDialog(QDialog):
    """The dialog's form, which takes effect on OK, for later strokes."""

    def __init__(self, saver: Saver, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Preferences")
        self.setMinimumWidth(460)
        self._saver = saver
        self._preferences = preferences
        self.name = QLineEdit(preferences.get(AUTHOR, ""))
        self.name.setObjectName("author")
        self.name.setMaxLength(LONGEST)
        self.name.setPlaceholderText(account_name())
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.addRow("Your &name (for the audit trail)", self.name)
        explained = QLabel(
            "It is written with each of your strokes and decisions, so that a colleague can see who painted what. "
            f"Left empty, the name of your account is used: {account_name() or 'unknown'}. It stays in the project's folder."
        )
        explained.setProperty("role", "small")
        explained.setWordWrap(True)
        keep = QPushButton("OK")
        keep.setDefault(True)
        keep.clicked.connect(self.accept)
        cancel = QPushButton("Cancel")
        cancel.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(keep)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 16)
        layout.setSpacing(12)
        layout.addLayout(form)
        layout.addWidget(explained)
        layout.addStretch(1)
        layout.addLayout(buttons)

    def accept(self) -> None:
        """Keep the name."""
        name = " ".join(self.name.text().split())
        self._preferences.put(AUTHOR, name)
        self._saver.set_author(name)
        super().accept()
