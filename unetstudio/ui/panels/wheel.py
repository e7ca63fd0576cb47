"""A filter that keeps the wheel for scrolling: over a panel it never changes a number, slider or choice that nobody clicked on."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QSlider, QWidget


class WheelGuard(QObject):
    """Filters wheel events of the fields in a panel."""

    def __init__(self, panel: QWidget) -> None:
        super().__init__(panel)
        self.watch(panel)

    def watch(self, within: QWidget) -> None:
        """Filter the events of every slider, number and choice inside a widget, such as one that was added later."""
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
