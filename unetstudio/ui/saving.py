"""Keeping everything safe without anybody asking: strokes at once, the project's settings a moment later, and the truth about both."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from unetstudio.data.edit import Edit
from unetstudio.errors import UserError
from unetstudio.project.journal import Kind
from unetstudio.ui.desk import Desk
from unetstudio.ui.disk_thread import DiskThread

GATHER = 300
"""Milliseconds over which changes of the project's settings are gathered into one write."""
RETRY = 5_000
HEARTBEAT = 20_000

KINDS = {"edit": Kind.EDIT, "undo": Kind.UNDO, "redo": Kind.REDO}


class Saver(QObject):
    """Sends what must be kept to the disk thread, tries again what was refused, and says what is safe."""

    state_changed = Signal(str, bool)  # words, everything is safe
    idle = Signal()  # everything asked so far is on the disk
    lost = Signal(str)  # one sentence: nothing can be saved here any more

    def __init__(self, disk: DiskThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._disk = disk
        self._desk: Desk | None = None
        self._fields: dict[str, Any] = {}
        self._pending = 0
        self._refused = ""
        self._gather = QTimer(self, singleShot=True, interval=GATHER)
        self._gather.timeout.connect(self._save_project)
        self._retry = QTimer(self, interval=RETRY)
        self._retry.timeout.connect(lambda: self._ask(lambda desk: desk.retry()))
        self._beat = QTimer(self, interval=HEARTBEAT)
        self._beat.timeout.connect(lambda: self._ask(lambda desk: desk.beat()))

    @property
    def busy(self) -> bool:
        """Whether something asked is not on the disk yet."""
        return self._pending > 0

    @property
    def refused(self) -> str:
        """Why something could not be stored and waits in memory, or ""."""
        return self._refused

    def open(self, desk: Desk) -> None:
        """From now on, for this project."""
        self._desk = desk
        if not desk.project.read_only:
            self._beat.start()
        self.state_changed.emit("Open read-only" if desk.project.read_only else "All saved", True)

    def close(self) -> None:
        """Writes what waits and lets go of the project; the disk thread does it in its turn."""
        if self._desk is None:
            return
        self.flush()
        desk, self._desk = self._desk, None
        self._disk.ask(desk.close)
        self._beat.stop()
        self._retry.stop()
        self._refused = ""
        self.state_changed.emit("", True)

    def append(self, case_id: str, kind: str, edit: Edit) -> None:
        """Stores one change of labels durably."""
        self._ask(lambda desk: desk.append(case_id, KINDS[kind], edit))

    def keep(self, **fields: Any) -> None:
        """Stores fields of project.json (classes, cases, training, steps, view) a moment later; nothing while no project is open."""
        if self._desk is None:
            return
        self._fields.update(fields)
        if not self._gather.isActive():
            self._gather.start()

    def flush(self) -> None:
        """Writes what is being gathered now, so that what is asked of the disk thread next finds it."""
        self._gather.stop()
        self._save_project()

    def _save_project(self) -> None:
        fields, self._fields = self._fields, {}
        if fields and self._desk is not None and not self._desk.project.read_only:
            self._ask(lambda desk: desk.update(**fields))

    def _ask(self, call: Any) -> None:
        if self._desk is None or self._desk.project.read_only:
            return
        desk = self._desk
        self._pending += 1
        if not self._refused:
            self.state_changed.emit("Saving …", True)
        self._disk.ask(lambda: call(desk), self._done, self._failed)

    def _done(self, _: object) -> None:
        self._pending -= 1
        self._retry.stop()
        self._refused = ""
        if not self._pending:
            self.state_changed.emit("All saved", True)
            self.idle.emit()

    def _failed(self, error: UserError) -> None:
        self._pending -= 1
        if self._desk is None:
            return
        self._refused = str(error)
        if self._desk.project.read_only:
            self._retry.stop()
            self._beat.stop()
            self.state_changed.emit("NOT SAVED: open the project again", False)
            self.lost.emit(str(error))
            return
        self._retry.start()
        self.state_changed.emit(f"NOT SAVED: {error} Trying again every 5 seconds.", False)
