"""The question when a project is left while something is not saved: wait, save elsewhere, or let go."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLayout, QPushButton, QVBoxLayout, QWidget

from unetstudio.data.quantity import count_text
from unetstudio.ui.resources import icon
from unetstudio.ui.saving import Saver
from unetstudio.ui.unsaved_gate import UnsavedGate

WIDTH = 520


class ClosingDialog(QDialog):
    """Closes by itself as soon as everything is saved; Escape and its cross mean to stay."""

    save_elsewhere_requested = Signal()

    def __init__(self, gate: UnsavedGate, saver: Saver, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._gate, self._saver = gate, saver
        self.setObjectName("closing")
        self.setWindowTitle("Not saved yet")
        self.setModal(True)
        self.heading = QLabel()
        self.heading.setProperty("role", "heading")
        self.sentence = QLabel()
        self.sentence.setWordWrap(True)
        self.sentence.setFixedWidth(WIDTH)
        self.stay_button = QPushButton("Stay and keep trying")
        self.stay_button.setObjectName("stay")
        self.stay_button.setProperty("role", "primary")
        self.stay_button.setDefault(True)
        self.elsewhere_button = QPushButton(icon("folder"), "Save elsewhere …")
        self.elsewhere_button.setObjectName("closing_save_elsewhere")
        self.elsewhere_button.setToolTip("Copies the whole project to another folder or disk, such as a memory stick, with what waits")
        self.let_go_button = QPushButton()
        self.let_go_button.setObjectName("let_go")
        buttons = QHBoxLayout()
        for button in (self.let_go_button, self.elsewhere_button, self.stay_button):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(12)
        layout.setSizeConstraint(QLayout.SizeConstraint.SetFixedSize)  # it grows with its words, which change while it is open
        layout.addWidget(self.heading)
        layout.addWidget(self.sentence)
        layout.addLayout(buttons)
        self.stay_button.clicked.connect(self.reject)
        self.elsewhere_button.clicked.connect(self._save_elsewhere)
        self.let_go_button.clicked.connect(gate.let_go)
        self.rejected.connect(gate.stay)
        gate.changed.connect(self._show)
        gate.passed.connect(self.accept)
        self._show()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.reject()
        event.accept()

    def _save_elsewhere(self) -> None:
        self.reject()
        self.save_elsewhere_requested.emit()

    def _show(self) -> None:
        gate, waiting = self._gate, self._gate.waiting
        what = count_text(waiting, "change") if waiting else "settings of the project"
        self.heading.setText(f"Not saved yet: {what}")
        happened = self._saver.refused or f"The disk has not taken them for {gate.seconds:.0f} seconds."
        kept = ""
        if waiting and gate.rescued:
            kept = f" A copy is in {gate.rescued}: it comes back by itself when the image is opened again on this computer."
        elif waiting and gate.cannot_rescue:
            kept = f" They could not be kept elsewhere either: {gate.cannot_rescue}"
        self.sentence.setText(f"{happened}{kept}")
        self.sentence.ensurePolished()
        self.sentence.setFixedHeight(self.sentence.heightForWidth(WIDTH))
        losing = f"Close and lose {what}" if waiting and not gate.rescued else "Close all the same"
        self.let_go_button.setText(losing)
