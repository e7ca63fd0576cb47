"""Labels of the panels; their look comes from the style sheet by the property `role`."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

ONE_LINE = {"value", "group", "field"}


def label(text: str = "", role: str = "body", name: str = "", parent: QWidget | None = None) -> QLabel:
    """Plain text of a role: "sentence" (large), "body", "small" (muted), and in one line "value" (a number), "group" (a title)."""
    made = QLabel(text, parent)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setProperty("role", role)
    made.setObjectName(name)
    if role in {"value", "group"}:
        font = made.font()
        font.setBold(True)
        made.setFont(font)
    if role not in ONE_LINE:
        made.setWordWrap(True)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)  # as tall as its words need at the width of the column
        made.setSizePolicy(policy)
    return made


def heading(text: str) -> QLabel:
    """The title of a group inside a panel."""
    return label(text, "group")
