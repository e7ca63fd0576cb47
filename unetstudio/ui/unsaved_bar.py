"""The bar across the work area while something cannot be saved: what happened, what is safe, what to do."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from unetstudio.data.quantity import count_text
from unetstudio.ui.annotation import Annotation
from unetstudio.ui.resources import icon
from unetstudio.ui.saving import LONG, RETRY, Trouble
from unetstudio.ui.sign import Sign

WAIT = 150
"""Milliseconds between two checks whether the current stroke has ended: the image must not move under the pen."""

SAFE = "What was saved before"
"""Beginning of the words about saved work in refusals that say already that it is untouched."""


class UnsavedBar(QFrame):
    """Shown as long as something is not saved; it cannot be dismissed."""

    try_now_requested = Signal()
    save_elsewhere_requested = Signal()

    def __init__(self, annotation: Annotation, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("unsaved")
        self.setAccessibleName("Not saved")
        self._annotation = annotation
        self._trouble: Trouble | None = None
        self._later = QTimer(self, singleShot=True, interval=WAIT)
        self._later.timeout.connect(self._show)
        self.heading = QLabel()
        self.heading.setProperty("role", "heading")
        self.sentence = QLabel()
        self.sentence.setWordWrap(True)
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.sentence.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.heading)
        words.addWidget(self.sentence)
        self.try_button = QPushButton(icon("restart"), "Try now")
        self.try_button.setObjectName("try_now")
        self.try_button.clicked.connect(self.try_now_requested)
        self.elsewhere_button = QPushButton(icon("folder"), "Save elsewhere …")
        self.elsewhere_button.setObjectName("save_elsewhere")
        self.elsewhere_button.setToolTip("Copies the whole project to another folder or disk, with what waits, and goes on there")
        self.elsewhere_button.clicked.connect(self.save_elsewhere_requested)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 10, 16, 10)
        layout.setSpacing(12)
        layout.addWidget(Sign("unsaved", 24, "bad"), 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(words, 1)
        layout.addWidget(self.try_button)
        layout.addWidget(self.elsewhere_button)
        self.hide()

    def show_trouble(self, trouble: Trouble | None) -> None:
        """Show a failure to save, or hide for None; both wait until the current stroke has ended."""
        self._trouble = trouble
        self._show()

    def _show(self) -> None:
        trouble = self._trouble
        if trouble is not None:
            self.heading.setText(heading(trouble))
            self.sentence.setText(sentence(trouble))
            self.try_button.setVisible(not trouble.lost and not trouble.hung)
            self.elsewhere_button.setVisible(not trouble.hung)  # copying needs the disk, too
        if self.isHidden() == (trouble is None):
            return
        if self._annotation.stroke_active:
            self._later.start()
        else:
            self.setVisible(trouble is not None)


def heading(trouble: Trouble) -> str:
    """Return in a few words what waits to be saved."""
    if trouble.hung:
        return f"Not saved yet: {count_text(trouble.waiting, 'change')}" if trouble.waiting else "The disk does not answer"
    if trouble.long and trouble.waiting:
        return "Please stop painting and save elsewhere"
    if trouble.waiting:
        return f"Not saved yet: {count_text(trouble.waiting, 'change')}"
    return "Not saved yet: settings of the project" if not trouble.lost else "Nothing can be saved here any more"


def sentence(trouble: Trouble) -> str:
    """Return sentences that say what happened, what is safe and what to do."""
    happened = trouble.sentence if SAFE in trouble.sentence else f"{trouble.sentence} {SAFE} is safe."
    if trouble.lost:
        return happened + (f" {count_text(trouble.waiting, 'change')} in memory can still be saved elsewhere." if trouble.waiting else "")
    if trouble.hung:
        return f"{happened} What waits is in memory and goes there at once when it answers. Is a network or a cable down?"
    if trouble.long and trouble.waiting:
        waiting = f"{count_text(trouble.waiting, 'change')} {'is' if trouble.waiting == 1 else 'are'} in memory only"
        return f"{happened} For {LONG // 60_000} minutes nothing could be saved; {waiting}."
    return f"{happened} What waits is in memory and tried again every {RETRY // 1000} seconds. You can go on painting."
