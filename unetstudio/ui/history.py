"""The open project's audit trail for the window, read on the disk thread after everything queued there."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject

from unetstudio.data.region import Index
from unetstudio.errors import UserError
from unetstudio.project.audit import AuditLine, audit_trail, voxel_history
from unetstudio.project.audit_csv import write_csv
from unetstudio.ui.disk_thread import DiskThread
from unetstudio.ui.notifier import Notifier

T = TypeVar("T")


class HistoryReader(QObject):
    """Reads the trail and answers on the GUI thread; an error becomes a notice."""

    def __init__(self, notifier: Notifier, disk: DiskThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._notifier, self._disk = notifier, disk

    def ask_who(self, voxel: Index, answer: Callable[[list[AuditLine]], None]) -> None:
        """Read the changes of a voxel (z, y, x) of the open case, newest first."""
        project = self._notifier.project
        if project is not None and project.case is not None:
            folder = project.writer.project.folder_of(project.case.case)
            self._ask(lambda: voxel_history(folder, voxel), answer)

    def ask_trail(self, case_id: str, answer: Callable[[list[AuditLine]], None]) -> None:
        """Read all changes and reviews of a case, newest first."""
        if (project := self._notifier.project) is not None:
            folder = project.writer.project.folder_of(case_id)
            self._ask(lambda: list(audit_trail(folder))[::-1], answer)

    def export(self, path: Path, case_id: str = "") -> None:
        """Write the trail of one case, or of all, as CSV; the file dialog has asked about a file of that name."""
        if (project := self._notifier.project) is not None:
            stored, cases = project.writer.project, (case_id,) if case_id else None
            self._ask(
                lambda: write_csv(stored, path, cases, force=True), lambda _: self._notifier.notice.emit(f"{path.name} is written.", "info")
            )

    def _ask(self, read: Callable[[], T], answer: Callable[[T], None]) -> None:
        def steps() -> Generator[T, None, None]:
            yield read()

        def ended(error: UserError | None) -> None:
            if error is not None:
                self._notifier.notice.emit(str(error), "error")

        self._disk.begin(steps(), answer, ended)
