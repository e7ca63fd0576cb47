"""Automatic saving: strokes at once, the project's settings a moment later, with a true report of both."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from PySide6.QtCore import QObject, QTimer, Signal

from unetstudio.data.case import Case
from unetstudio.data.quantity import count_text
from unetstudio.errors import UserError
from unetstudio.ui.disk_thread import DiskThread
from unetstudio.ui.notifier import Change, Notifier
from unetstudio.workspace.case_list import CaseReviewed
from unetstudio.workspace.open_case import LabelChange
from unetstudio.workspace.project_writer import ProjectWriter

GATHER = 300
"""Milliseconds over which changes of the project's settings are gathered into one write."""
RETRY = 5_000
HEARTBEAT = 20_000
LONG = 300_000
"""Milliseconds of refusals after which the user is asked to stop painting."""
SLOW, VERY_SLOW, HUNG = 1.0, 5.0, 12.0
"""Seconds without an answer of the disk after which the status says so in amber, in red, and the bar across the window appears."""
LOOK = 250
"""Milliseconds between two looks at how long the disk has not answered."""

Level = Literal["good", "muted", "warning", "bad"]
"""How the status is shown: everything is on the disk, something is on its way, that takes long, it is refused or takes very long."""


@dataclass(frozen=True)
class Trouble:
    """A failure to save, as shown to the user."""

    sentence: str  # what happened, to which file, and what to do about it
    waiting: int  # changes of labels that are in memory only
    long: bool = False  # whether it has lasted for minutes
    lost: bool = False  # whether another program has taken over the project: nothing is tried any more
    hung: bool = False  # whether the disk does not answer: nothing was refused yet


class Saver(QObject):
    """Sends changes to the disk thread, retries those that were refused, and reports what is safe.

    The project in memory is the newest state for every thread, and a read on the disk thread comes after earlier writes: nobody has to wait
    for `save`.
    """

    state_changed = Signal(str, str)  # words for the status bar, Level
    idle = Signal()  # everything sent so far is on the disk
    lost = Signal(str)  # one sentence: nothing can be saved here any more
    trouble_changed = Signal(object)  # Trouble, or None once everything is on the disk
    space_low = Signal(str)  # one sentence: the disk will soon be full

    def __init__(self, notifier: Notifier, disk: DiskThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._notifier, self._disk = notifier, disk
        self._writer: ProjectWriter | None = None
        self._opened_read_only = False
        self._asked: deque[float] = deque()  # when each call that is not answered yet was sent
        self._refused = ""
        self._rescued = 0  # number of waiting changes of which there is a copy on another disk, if there is one
        self._warned = ""
        self.author = ""
        """The user's name as typed, for the audit trail; "" for the account's alone."""
        self.trouble: Trouble | None = None
        self._gather = QTimer(self, singleShot=True, interval=GATHER)
        self._gather.timeout.connect(self.save_now)
        self._retry = QTimer(self, interval=RETRY)
        self._retry.timeout.connect(self.save_now)
        self._beat = QTimer(self, interval=HEARTBEAT)
        self._beat.timeout.connect(self._keep_alive)
        self._long = QTimer(self, singleShot=True, interval=LONG)
        self._long.timeout.connect(self._report_trouble)
        self._look = QTimer(self, interval=LOOK)
        self._look.timeout.connect(self._look_at_disk)
        notifier.project_opened.connect(self._open)
        notifier.project_closed.connect(self._close)
        notifier.changed.connect(self._take_change)

    @property
    def busy(self) -> bool:
        """Whether a change is not on the disk yet."""
        return bool(self._asked)

    @property
    def gathering(self) -> bool:
        """Whether a change of the project's settings is about to be written."""
        return self._gather.isActive()

    @property
    def seconds_waiting(self) -> float:
        """How long the oldest call has not been answered."""
        return time.monotonic() - self._asked[0] if self._asked else 0.0

    @property
    def refused(self) -> str:
        """Why a change could not be stored and waits in memory, or ""."""
        return self._refused

    def _open(self) -> None:
        if (project := self._notifier.project) is None:
            return
        self._writer, self._opened_read_only = project.writer, project.read_only
        if not self._opened_read_only:
            self._beat.start()
            self._disk.ask(project.writer.space_warning, self._warn)
        self.set_author(self.author)
        self.state_changed.emit("Open read-only" if self._opened_read_only else "All saved", "good")

    def _close(self) -> None:
        """Have the disk thread save what waits and release the project, in its turn."""
        if self._writer is None:
            return
        self._gather.stop()
        writer, self._writer = self._writer, None
        self._disk.ask(writer.close)
        self._beat.stop()
        self._warned = ""
        self._recovered()
        self.state_changed.emit("", "muted")

    def _take_change(self, change: Change) -> None:
        """Save every change of the project soon, and note a review state for the audit trail."""
        self.save()
        if isinstance(change, CaseReviewed):
            self.note(change.case, event=change.case.review.value)

    def append(self, change: LabelChange) -> None:
        """Store one change of labels durably, together with all others that wait when the disk is free."""
        if self._may_write(also_when_lost=True) and self._writer is not None:
            self._writer.queue(change.case, change.kind, change.edit)
            self._ask(lambda writer: writer.retry(), also_when_lost=True)

    def note(self, case: Case, **about: Any) -> None:
        """Store an event that changes no voxel, for the audit trail."""
        if self._may_write() and self._writer is not None:
            self._writer.queue_note(case, about)
            self._ask(lambda writer: writer.retry())

    def save(self) -> None:
        """Save the project's settings a moment later, so that many changes become one write."""
        if self._writer is not None and not self._gather.isActive():
            self._gather.start()

    def save_now(self) -> None:
        """Save the settings, and retry what was refused."""
        self._gather.stop()
        self._ask(lambda writer: writer.retry())

    def set_author(self, name: str) -> None:
        """Set the author of later strokes and reviews."""
        self.author = name
        if (writer := self._writer) is not None:
            self._disk.ask(lambda: writer.set_author(name))

    def _keep_alive(self) -> None:
        self._ask(lambda writer: writer.beat())
        if self._writer is not None:
            self._disk.ask(self._writer.space_warning, self._warn)

    def _warn(self, sentence: str) -> None:
        """Warn once, until there is room again."""
        if sentence and not self._warned and self._writer is not None:
            self.space_low.emit(sentence)
        self._warned = sentence

    def _ask(self, call: Callable[[ProjectWriter], None], *, also_when_lost: bool = False) -> None:
        """Call a function on the disk thread.

        Nothing is written to a project opened read-only; for one reported lost only changes of labels are taken, which wait to be rescued.
        """
        writer = self._writer
        if writer is None or not self._may_write(also_when_lost=also_when_lost):
            return
        if not self._refused and not self._asked:
            self.state_changed.emit("Saving …", "muted")
        self._asked.append(time.monotonic())
        self._look.start()
        self._disk.ask(lambda: call(writer), self._done, self._failed)

    def _may_write(self, *, also_when_lost: bool = False) -> bool:
        return not self._opened_read_only and (also_when_lost or not self._lost)

    def _look_at_disk(self) -> None:
        """Say how long the disk has not answered."""
        seconds = self.seconds_waiting
        if not self._asked:
            self._look.stop()
        elif seconds >= SLOW and not self._refused and self._writer is not None:
            changes = self._writer.waiting
            if changes > self._rescued:
                self._rescued = changes
                self._disk.beside(partial(self._writer.rescue, elsewhere=True))
            waits = f"{count_text(changes, 'change')} {'waits' if changes == 1 else 'wait'}" if changes else "the project's settings wait"
            if seconds < VERY_SLOW:
                self.state_changed.emit(f"Saving takes long: {waits}", "warning")
                return
            self.state_changed.emit(f"NOT SAVED for {seconds:.0f} s: {waits} for the disk", "bad")
            if seconds >= HUNG:
                sentence = f"The disk of this project has not answered for {seconds:.0f} seconds."
                self.trouble = Trouble(sentence, changes, hung=True)
                self.trouble_changed.emit(self.trouble)

    @property
    def _lost(self) -> bool:
        """Whether the project is reported to be another program's, after which nothing is called saved."""
        return self.trouble is not None and self.trouble.lost

    def _done(self, _: None) -> None:
        self._asked.popleft()
        if self._lost:
            return
        self._recovered()
        if not self._asked:
            self._look.stop()
            self._rescued = 0
            self.state_changed.emit("All saved", "good")
            self.idle.emit()

    def _failed(self, error: UserError) -> None:
        self._asked.popleft()
        if self._writer is None:
            return
        self._refused = str(error)
        if self._writer.project.read_only:
            reported = self._lost
            self._retry.stop()
            self._beat.stop()
            self.state_changed.emit("NOT SAVED: open the project again", "bad")
            self._report_trouble()
            if not reported:
                self.lost.emit(str(error))
            return
        if not self._retry.isActive():
            self._retry.start()
            self._long.start()
        self.state_changed.emit(f"NOT SAVED: {error} Trying again every 5 seconds.", "bad")
        self._report_trouble()

    def _report_trouble(self) -> None:
        if self._writer is None or not self._refused:
            return
        lost = self._writer.project.read_only
        long = not self._long.isActive() and not lost
        self.trouble = Trouble(self._refused, self._writer.waiting, long, lost)
        self.trouble_changed.emit(self.trouble)

    def _recovered(self) -> None:
        """Report that nothing is refused any more."""
        self._retry.stop()
        self._long.stop()
        self._refused = ""
        if self.trouble is not None:
            self.trouble = None
            self.trouble_changed.emit(None)
