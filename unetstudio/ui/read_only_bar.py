"""The line above the image while the open project is read-only; it stays when the notice with the reason has disappeared."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QWidget

from unetstudio.ui.notifier import Notifier
from unetstudio.ui.sign import Sign

SENTENCE = "Open read-only: look and export as you like; nothing is changed or learned here."


class ReadOnlyBar(QFrame):
    """A line that is shown while a read-only project is open."""

    def __init__(self, notifier: Notifier, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("read_only")
        self.setAccessibleName("Open read-only")
        self._notifier = notifier
        self.sentence = QLabel(SENTENCE)
        self.sentence.setProperty("role", "field")
        self.sentence.setWordWrap(True)
        self.sentence.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 5, 16, 5)
        layout.setSpacing(8)
        layout.addWidget(Sign("lock", 16, "muted"), 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(self.sentence, 1)
        notifier.project_opened.connect(self._show)
        notifier.project_closed.connect(self.hide)
        self._show()

    def _show(self) -> None:
        self.setVisible(self._notifier.read_only)
