"""The key sheet: all keys in one dialog, read from the table of commands."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from unetstudio.ui.actions import keys_in_words
from unetstudio.ui.commands.table import HELD, MENUS, commands

COLUMNS = (("File", "Edit", "Cases"), ("Tools", "Classes", "Help"), ("View",))


class KeySheet(QDialog):
    """The dialog that `?` opens and Escape or `?` closes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Keys")
        sheet = QWidget()
        across = QHBoxLayout(sheet)
        across.setContentsMargins(24, 16, 24, 8)
        across.setSpacing(36)
        for titles in COLUMNS:
            down = QVBoxLayout()
            down.setSpacing(4)
            for title in titles:
                down.addLayout(_group(title, keys_of(title)))
                down.addSpacing(12)
            if "Tools" in titles:
                down.addLayout(_group("On the image", list(HELD)))
            down.addStretch(1)
            across.addLayout(down, 1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(sheet)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)
        room = self.screen().availableGeometry()
        hint = sheet.sizeHint()
        self.resize(min(hint.width() + 24, room.width() - 40), min(hint.height() + 8, room.height() - 40))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.text() == "?":
            self.close()
        else:
            super().keyPressEvent(event)


def keys_of(menu: str) -> list[tuple[str, str]]:
    """Return keys and words of one menu; the nine classes share a line."""
    assert menu in MENUS
    lines = [(keys_in_words(c), c.text) for c in commands() if c.menu == menu and c.keys and not c.id.startswith("class_")]
    return [*lines, ("1 … 9", "Paint that class")] if menu == "Classes" else lines


def _group(title: str, lines: list[tuple[str, str]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(3)
    heading = QLabel(title)
    heading.setProperty("role", "heading")
    grid.addWidget(heading, 0, 0, 1, 2)
    for line, (keys, words) in enumerate(lines, 1):
        grid.addWidget(QLabel(words), line, 0)
        grid.addLayout(_caps(keys), line, 1)
    grid.setColumnStretch(0, 1)
    return grid


def _caps(keys: str) -> QHBoxLayout:
    """Draw each alternative of a shortcut as a key cap."""
    layout = QHBoxLayout()
    layout.setSpacing(4)
    layout.addStretch(1)
    for key in keys.split(", ") if len(keys) > 1 else [keys]:
        cap = QLabel(key)
        cap.setProperty("role", "key")
        layout.addWidget(cap)
    return layout
