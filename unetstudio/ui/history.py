"""The open project's audit trail for the window: read beside the painting, in a thread of its own, after all that was asked to be saved."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject

from unetstudio.data.region import Index
from unetstudio.errors import UserError

if TYPE_CHECKING:
    from unetstudio.project.audit import AuditLine
    from unetstudio.ui.session import Session

T = TypeVar("T")


class HistoryReader(QObject):
    """Answers come back on the GUI thread; what cannot be read is told as a notice."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session

    def ask_who(self, voxel: Index, answer: Callable[[list[AuditLine]], None]) -> None:
        """Who changed a voxel (z, y, x) of the open case, newest first."""
        session = self._session
        if session.writer is not None and session.case is not None:
            folder = session.writer.project.folder_of(session.case)

            def read() -> list[AuditLine]:
                from unetstudio.project.audit import voxel_history

                return voxel_history(folder, voxel)

            self._ask(read, answer)

    def ask_trail(self, case_id: str, answer: Callable[[list[AuditLine]], None]) -> None:
        """All that was done to a case, newest first."""
        if self._session.writer is not None:
            folder = self._session.writer.project.folder_of(case_id)

            def read() -> list[AuditLine]:
                from unetstudio.project.audit import audit_trail

                return list(audit_trail(folder))[::-1]

            self._ask(read, answer)

    def export(self, path: Path, case_id: str = "") -> None:
        """Writes the trail of one case, or of all, as CSV."""
        if self._session.writer is not None:
            project, cases = self._session.writer.project, (case_id,) if case_id else None

            def write() -> None:
                from unetstudio.project.audit_csv import write_csv

                write_csv(project, path, cases)

            self._ask(write, lambda _: self._session.notice.emit(f"{path.name} is written.", "info"))

    def _ask(self, read: Callable[[], T], answer: Callable[[T], None]) -> None:
        def steps() -> Generator[T, None, None]:
            yield read()

        def ended(error: UserError | None) -> None:
            if error is not None:
                self._session.notice.emit(str(error), "error")

        self._session.disk.begin(steps(), answer, ended)
