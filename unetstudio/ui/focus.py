"""Who has the keyboard."""

from __future__ import annotations

from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit


def is_typing() -> bool:
    """Whether a field that one types into has the focus; it must not be taken from there."""
    return isinstance(QApplication.focusWidget(), (QLineEdit, QAbstractSpinBox))
