"""The wheel over a panel scrolls the column: it never turns a number, a slider or a choice that nobody clicked on."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QSlider, QWidget


class WheelGuard(QObject):
    """Watches the fields of a panel, also those that come later through `watch`."""

    def __init__(self, panel: QWidget) -> None:
        super().__init__(panel)
        self.watch(panel)

    def watch(self, within: QWidget) -> None:
        """Every slider, number and choice inside a widget."""
        for kind in (QAbstractSpinBox, QComboBox, QSlider):
            for field in within.findChildren(kind):
                if field.focusPolicy() == Qt.FocusPolicy.WheelFocus:
                    field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
                field.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()  # goes on to the scroll area
            return True
        return False
