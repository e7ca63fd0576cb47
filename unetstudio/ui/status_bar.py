"""The line at the foot: the voxel under the pointer, the tool's hint, long work, the state of learning, and whether everything is saved."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QProgressBar, QSizePolicy, QStatusBar, QToolButton, QWidget

from unetstudio.ui.canvas.under import Under
from unetstudio.ui.resources import icon
from unetstudio.ui.saving import Level
from unetstudio.ui.session import Session
from unetstudio.ui.sign import Sign
from unetstudio.ui.task import Task


class StatusBar(QStatusBar):
    """Follows the session; the window passes on the voxel under the pointer."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setSizeGripEnabled(False)
        self.pointer = QLabel()
        self.pointer.setMinimumWidth(self.fontMetrics().horizontalAdvance("x 12345  y 12345  z 123   value 65535   membrane"))
        self.hint = _Elided()
        self.work = QLabel()
        self.bar = QProgressBar()
        self.bar.setFixedWidth(120)
        self.bar.setTextVisible(False)
        self.learning = _Elided()
        self.learning.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._sign = Sign("", 14)
        self.saved = QLabel()
        self.addWidget(self.pointer)
        self.addWidget(self.hint, 1)
        self.stop = QToolButton()
        self.stop.setIcon(icon("reject"))
        self.stop.setToolTip("Stop; what is done already stays")
        self.stop.setAccessibleName("Stop")
        self.stop.setAutoRaise(True)
        self.stop.clicked.connect(self._stop_newest)
        for part in (self.work, self.bar, self.stop):
            self.addPermanentWidget(part)
            part.hide()
        self.addPermanentWidget(self.learning, 1)
        self.addPermanentWidget(self._sign)
        self.addPermanentWidget(self.saved)
        session.save_state_changed.connect(self.show_saved)
        session.tasks.begun.connect(self._follow_task)
        session.learning.changed.connect(self._show_learning)
        session.annotation.tools.chosen.connect(self._show_hint)
        session.project_closed.connect(self._forget)
        self._show_hint()
        self._show_learning()

    def show_pointer(self, under: Under | None) -> None:
        """Show place, value and class under the pointer; None when it has left the image."""
        self.pointer.setText("" if under is None else in_words(under, self._session.scan is not None and self._session.scan.is_volume))

    def show_saved(self, words: str, level: Level) -> None:
        """Show in words and as a sign whether every stroke is on the disk: only then is there a tick."""
        self._sign.show_sign({"good": "saved", "muted": ""}.get(level, "unsaved"), level)
        self.saved.setText(words.partition(":")[0] if level == "bad" else words)  # the bar across the window says it all
        self.saved.setToolTip(words if level == "bad" else "")

    def _follow_task(self, task: Task) -> None:
        task.changed.connect(self._show_work)
        task.ended.connect(self._show_work)
        self._show_work()

    def _show_work(self) -> None:
        """Show the newest of the running tasks, and the number of others."""
        running = self._session.tasks.running
        for part in (self.work, self.bar):
            part.setVisible(bool(running))
        self.stop.setVisible(bool(running) and running[-1].can_stop)
        if running:
            newest, others = running[-1], len(running) - 1
            progress = f"  {newest.done} of {newest.total}" if newest.total else ""
            self.work.setText(newest.name + progress + (f"  (and {others} more)" if others else ""))
            self.bar.setRange(0, newest.total)
            self.bar.setValue(newest.done)

    def _stop_newest(self) -> None:
        if running := self._session.tasks.running:
            running[-1].stop()

    def _show_hint(self) -> None:
        self.hint.setText(self._session.annotation.tools.hint)

    def _show_learning(self) -> None:
        self.learning.setText(self._session.learning.state.sentence)

    def _forget(self) -> None:
        self.pointer.clear()
        self.saved.clear()
        self._sign.show_sign("", "muted")


def in_words(under: Under, volume: bool) -> str:
    """Return voxel, position in the patient, value and class: "x 211 y 340 12.1, 40.0, 3.5 mm value 43 HU kidney"."""
    z, y, x = under.index
    parts = [f"x {x}  y {y}  z {z}" if volume else f"x {x}  y {y}"]
    if under.position is not None and volume:
        parts.append(", ".join(f"{mm:.1f}" for mm in under.position) + " mm")
    shown = [f"{value:.4g}" if isinstance(value, float) else f"{value}" for value in under.values[:4]]
    parts.append("value " + ", ".join(shown) + (" …" if len(under.values) > 4 else "") + (f" {under.unit}" if under.unit else ""))
    if under.class_name is not None:
        parts.append(under.class_name)
    return "   ".join(parts)


class _Elided(QLabel):
    """A line that ends in … where there is no room, with the whole text as its tool tip."""

    def __init__(self) -> None:
        super().__init__()
        self._full_text = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def setText(self, text: str) -> None:
        self._full_text = text
        self.setToolTip(text)
        super().setText(self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, max(0, self.contentsRect().width() - 8)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setText(self._full_text)
