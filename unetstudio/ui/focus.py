"""The keyboard focus."""

from __future__ import annotations

from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit


def is_typing() -> bool:
    """Return whether a text field has the focus, which must then not be taken away."""
    return isinstance(QApplication.focusWidget(), (QLineEdit, QAbstractSpinBox))
