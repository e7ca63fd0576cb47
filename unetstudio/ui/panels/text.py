"""Labels of the panels; their look comes from the style sheet by the property `role`."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

ONE_LINE = {"value", "group", "field"}


def label(text: str = "", role: str = "body", name: str = "", parent: QWidget | None = None) -> QLabel:
    """Return a plain label: "sentence" (large), "body", "small" (muted); or on one line "value" (a number), "group" (a title)."""
    widget = QLabel(text, parent)
    widget.setTextFormat(Qt.TextFormat.PlainText)
    widget.setProperty("role", role)
    widget.setObjectName(name)
    if role in {"value", "group"}:
        font = widget.font()
        font.setBold(True)
        widget.setFont(font)
    if role not in ONE_LINE:
        widget.setWordWrap(True)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)  # as tall as its words need at the width of the column
        widget.setSizePolicy(policy)
    return widget


def heading(text: str) -> QLabel:
    """Return the title of a group inside a panel."""
    return label(text, "group")
