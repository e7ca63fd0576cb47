"""The popup that answers "Who painted this?": the last change of a voxel, and those before it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from unetstudio.data.classes import ClassTable
from unetstudio.data.quantity import count_text
from unetstudio.project.audit import AuditLine
from unetstudio.project.record import Kind
from unetstudio.ui import history_words
from unetstudio.ui.popup import open_at

EARLIER = 5
"""Number of changes before the last one that are shown."""
WIDE = 440


class WhoPopup(QFrame):
    """A popup that closes at the next click or Escape."""

    history_requested = Signal()

    def __init__(self, lines: list[AuditLine], classes: ClassTable, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("who_popup")
        self.setAccessibleName("Who painted this")
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(4)
        for role, words in described(lines, classes):
            label = QLabel(words)
            label.setProperty("role", role)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setFixedWidth(WIDE)
            column.addWidget(label)
        self.history_button = QPushButton("History of this case …")
        self.history_button.setObjectName("who_history")
        self.history_button.clicked.connect(self._ask_history)
        column.addSpacing(4)
        column.addWidget(self.history_button, 0, Qt.AlignmentFlag.AlignLeft)

    def open_at(self, corner: QPoint) -> None:
        """Show it with its top left at a point of the screen."""
        open_at(self, corner)
        self.history_button.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Escape:
                self.close()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.history_button.click()
            case _:
                super().keyPressEvent(event)

    def _ask_history(self) -> None:
        self.close()
        self.history_requested.emit()


def described(lines: list[AuditLine], classes: ClassTable) -> list[tuple[str, str]]:
    """Return role and words of each line of the popup, from the changes of one voxel, newest first."""
    if not lines:
        return [("heading", "Nobody has changed this place"), ("small", "It was never painted, imported or accepted.")]
    last, earlier = lines[0], lines[1 : 1 + EARLIER]
    name = history_words.class_name(last, classes)
    words = [
        ("heading", history_words.who(last)),
        ("body", _sentence(last, classes)),
        ("small", f"{history_words.when(last)}, {history_words.voxels(last)} at once" if name else history_words.when(last)),
    ]
    if earlier:
        words.append(("field", "Before that"))
    words += [
        ("small", f"{history_words.when(line, seconds=False)}  {history_words.who(line)}: {_sentence(line, classes)}") for line in earlier
    ]
    if remaining := len(lines) - 1 - len(earlier):
        words.append(("small", f"and {count_text(remaining, 'earlier change')}"))
    return words


def _sentence(line: AuditLine, classes: ClassTable) -> str:
    name = history_words.class_name(line, classes)
    again = " again" if line.kind is Kind.UNDO else ""
    return f"{name}{again}: {history_words.action(line)}" if name else history_words.action(line)
