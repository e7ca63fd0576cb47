"""The gate before a project is left: it opens when everything is on the disk, or when the user lets go of what is not."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEventLoop, QObject, QTimer, Signal

from unetstudio.errors import UserError
from unetstudio.ui.annotation import Annotation
from unetstudio.ui.disk_thread import DiskThread
from unetstudio.ui.notifier import Notifier
from unetstudio.ui.saving import Saver

LOOK = 100
"""Milliseconds between two looks at whether everything is saved."""
AT_ONCE = 0.6
"""Seconds for which leaving waits without a word."""
HURRY = 4.0
"""Seconds that a program which is told to end takes to save; most systems kill it after five to ten."""


class UnsavedGate(QObject):
    """Lets one request to leave the open project pass at a time; a newer one replaces it."""

    asked = Signal()  # something waits: the user is to decide
    changed = Signal()  # the words about it are others now
    passed = Signal()  # nothing waits any more, or the user let go

    def __init__(self, notifier: Notifier, saver: Saver, disk: DiskThread, annotation: Annotation, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._notifier, self._saver, self._disk, self._annotation = notifier, saver, disk, annotation
        self._go_on: Callable[[], object] | None = None
        self._since = 0.0  # when leaving was wanted
        self.rescued = ""
        """The folder that holds a copy of what waits; "" while there is none."""
        self.cannot_rescue = ""
        """Why there is no copy, in a sentence, once that was tried."""
        self._look = QTimer(self, interval=LOOK)
        self._look.timeout.connect(self._check)
        notifier.project_closed.connect(self.stay)

    @property
    def waiting(self) -> int:
        """Number of label changes that are not on the project's disk."""
        project = self._notifier.project
        return 0 if project is None else project.writer.waiting

    @property
    def seconds(self) -> float:
        """How long something has waited since leaving was wanted."""
        return time.monotonic() - self._since

    def leave(self, go_on: Callable[[], object]) -> None:
        """Call `go_on` when everything is saved: now, or soon; else `asked` says that the user is to decide."""
        self.rescued = self.cannot_rescue = ""
        self._since = time.monotonic()
        if self._save_within(AT_ONCE):
            self.stay()
            go_on()
            return
        self._go_on = go_on
        self._look.start()
        self._rescue()
        self.asked.emit()

    def stay(self) -> None:
        """Forget that leaving was wanted."""
        self._look.stop()
        self._go_on = None

    def let_go(self) -> None:
        """Leave without what waits: the user's own word."""
        if (go_on := self._go_on) is not None:
            self.stay()
            self.passed.emit()
            go_on()

    def hurry(self) -> None:
        """Save for as long as a program that is told to end may take, then keep the rest elsewhere; the window goes after it."""
        self._save_within(HURRY)
        project = self._notifier.project
        if project is not None and self.waiting:
            self._disk.beside(project.writer.rescue, seconds=1.0)

    def _save_within(self, seconds: float) -> bool:
        """End the stroke in hand and save; return whether everything was on the disk in time. Painting waits meanwhile."""
        self._annotation.end()
        if self._settled:
            return True
        self._saver.save_now()
        loop, until = QEventLoop(), time.monotonic() + seconds
        while not self._settled and time.monotonic() < until:
            loop.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents, 20)
        return self._settled

    @property
    def _settled(self) -> bool:
        project = self._notifier.project
        return project is None or project.read_only or not (self._saver.busy or self._saver.refused or self._saver.gathering)

    def _check(self) -> None:
        if self._settled:
            self.let_go()
        else:
            self.changed.emit()

    def _rescue(self) -> None:
        """Keep a copy of what waits in another place, so that letting go need not lose it."""
        project = self._notifier.project
        if project is not None and self.waiting:
            self._disk.beside(project.writer.rescue, done=self._take_place, failed=self._take_refusal)

    def _take_place(self, place: object) -> None:
        self.rescued = str(place)
        self.changed.emit()

    def _take_refusal(self, error: UserError) -> None:
        self.cannot_rescue = str(error)
        self.changed.emit()
