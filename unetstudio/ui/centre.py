"""The middle of the work area: the canvas, or a sentence in its place while there is no image."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QEnterEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from unetstudio.ui.canvas.canvas import Canvas
from unetstudio.ui.focus import is_typing


class Centre(QWidget):
    """Holds the canvas, which gets the keyboard focus when the pointer enters."""

    def __init__(self, canvas: Canvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("centre")
        self._canvas = canvas
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(canvas)
        self._sentence = QLabel(self)
        self._sentence.setProperty("role", "over")
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._sentence.setWordWrap(True)
        self._sentence.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._sentence.hide()
        self._slow = QTimer(self)
        self._slow.setSingleShot(True)
        self._slow.timeout.connect(lambda: self._show("Opening …"))

    @property
    def sentence(self) -> str:
        """The sentence over the canvas now, or ""."""
        return "" if self._sentence.isHidden() else self._sentence.text()

    def say(self, sentence: str) -> None:
        """Show a sentence over the canvas; "" removes it."""
        self._slow.stop()
        self._show(sentence)

    def say_opening(self) -> None:
        """Say that a case is being opened, once reading takes long enough to be noticed."""
        self._slow.start(250)

    def enterEvent(self, event: QEnterEvent) -> None:
        if not is_typing():
            self._canvas.setFocus(Qt.FocusReason.MouseFocusReason)
        super().enterEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _show(self, sentence: str) -> None:
        self._sentence.setText(sentence)
        self._sentence.setVisible(bool(sentence))
        self._place()
        self._sentence.raise_()

    def _place(self) -> None:
        width = min(460, self.width() - 48)
        height = max(self._sentence.heightForWidth(width), 48)
        self._sentence.setGeometry((self.width() - width) // 2, (self.height() - height) // 2, width, height)
