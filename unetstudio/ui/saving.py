"""Keeping everything safe without anybody asking: strokes at once, the project's settings a moment later, and the truth about both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from unetstudio.data.edit import Edit
from unetstudio.errors import UserError
from unetstudio.project.record import Kind
from unetstudio.ui.disk_thread import DiskThread
from unetstudio.workspace.project_writer import ProjectWriter

GATHER = 300
"""Milliseconds over which changes of the project's settings are gathered into one write."""
RETRY = 5_000
HEARTBEAT = 20_000
LONG = 300_000
"""Milliseconds of refusals after which the user is asked to stop painting."""

KINDS = {"edit": Kind.EDIT, "undo": Kind.UNDO, "redo": Kind.REDO, "partial": Kind.PARTIAL, "cancel": Kind.CANCEL}


@dataclass(frozen=True)
class Trouble:
    """Something cannot be saved."""

    sentence: str  # what happened, to which file, and what to do about it
    waiting: int  # changes of labels that are in memory only
    long: bool = False  # for minutes already
    lost: bool = False  # the project is another program's now: nothing is tried any more


class Saver(QObject):
    """Sends what must be kept to the disk thread, tries again what was refused, and says what is safe."""

    state_changed = Signal(str, bool)  # words, everything is safe
    idle = Signal()  # everything asked so far is on the disk
    lost = Signal(str)  # one sentence: nothing can be saved here any more
    trouble_changed = Signal(object)  # Trouble, or None once everything is on the disk
    space_low = Signal(str)  # one sentence: the disk will soon be full

    def __init__(self, disk: DiskThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._disk = disk
        self._desk: ProjectWriter | None = None
        self._reading = False  # whether it was opened for reading only
        self._fields: dict[str, Any] = {}
        self._pending = 0
        self._refused = ""
        self._warned = ""
        self.trouble: Trouble | None = None
        self._gather = QTimer(self, singleShot=True, interval=GATHER)
        self._gather.timeout.connect(self._save_project)
        self._retry = QTimer(self, interval=RETRY)
        self._retry.timeout.connect(self.try_now)
        self._beat = QTimer(self, interval=HEARTBEAT)
        self._beat.timeout.connect(self._keep_alive)
        self._long = QTimer(self, singleShot=True, interval=LONG)
        self._long.timeout.connect(self._tell)

    @property
    def busy(self) -> bool:
        """Whether something asked is not on the disk yet."""
        return self._pending > 0

    @property
    def refused(self) -> str:
        """Why something could not be stored and waits in memory, or ""."""
        return self._refused

    def open(self, writer: ProjectWriter) -> None:
        """From now on, for this project."""
        self._desk, self._reading = writer, writer.project.read_only
        if not self._reading:
            self._beat.start()
            self._disk.ask(writer.space_warning, self._warn)
        self.state_changed.emit("Open read-only" if self._reading else "All saved", True)

    def close(self) -> None:
        """Writes what waits and lets go of the project; the disk thread does it in its turn."""
        if self._desk is None:
            return
        self.flush()
        writer, self._desk = self._desk, None
        self._disk.ask(writer.close)
        self._beat.stop()
        self._warned = ""
        self._recovered()
        self.state_changed.emit("", True)

    def append(self, case_id: str, kind: str, edit: Edit | None) -> None:
        """Stores one change of labels durably: "edit", "undo", "redo", "partial", or "cancel" without an Edit."""
        self._ask(lambda writer: writer.append(case_id, KINDS[kind], edit), lost_too=True)

    def note(self, case_id: str, **about: Any) -> None:
        """Stores an event that changes no voxel, for the audit trail."""
        self.flush()  # the case may have come a moment ago
        self._ask(lambda writer: writer.note(case_id, about))

    def try_now(self) -> None:
        """What waits is tried again at once."""
        self._ask(lambda writer: writer.retry())

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
            self._ask(lambda writer: writer.update(**fields))

    def _keep_alive(self) -> None:
        self._ask(lambda writer: writer.beat())
        if self._desk is not None:
            self._disk.ask(self._desk.space_warning, self._warn)

    def _warn(self, sentence: str) -> None:
        """Once, until there is room again."""
        if sentence and not self._warned and self._desk is not None:
            self.space_low.emit(sentence)
        self._warned = sentence

    def _ask(self, call: Any, *, lost_too: bool = False) -> None:
        """Nothing of a project opened for reading; of one that was lost only changes of labels (`lost_too`), which wait to be rescued."""
        writer = self._desk
        if writer is None or self._reading or (writer.project.read_only and not lost_too):
            return
        self._pending += 1
        if not self._refused:
            self.state_changed.emit("Saving …", True)
        self._disk.ask(lambda: call(writer), self._done, self._failed)

    def _done(self, _: object) -> None:
        self._pending -= 1
        self._recovered()
        if not self._pending:
            self.state_changed.emit("All saved", True)
            self.idle.emit()

    def _failed(self, error: UserError) -> None:
        self._pending -= 1
        if self._desk is None:
            return
        self._refused = str(error)
        if self._desk.project.read_only:
            known = self.trouble is not None and self.trouble.lost
            self._retry.stop()
            self._beat.stop()
            self.state_changed.emit("NOT SAVED: open the project again", False)
            self._tell()
            if not known:
                self.lost.emit(str(error))
            return
        if not self._retry.isActive():
            self._retry.start()
            self._long.start()
        self.state_changed.emit(f"NOT SAVED: {error} Trying again every 5 seconds.", False)
        self._tell()

    def _tell(self) -> None:
        """How it stands, as long as something is refused."""
        if self._desk is None or not self._refused:
            return
        lost = self._desk.project.read_only
        long = not self._long.isActive() and not lost
        self.trouble = Trouble(self._refused, self._desk.waiting, long, lost)
        self.trouble_changed.emit(self.trouble)

    def _recovered(self) -> None:
        """Nothing is refused any more."""
        self._retry.stop()
        self._long.stop()
        self._refused = ""
        if self.trouble is not None:
            self.trouble = None
            self.trouble_changed.emit(None)
