"""Saving the open project in another folder and going on there, when its own disk takes no more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from unetstudio.data.quantity import count_text
from unetstudio.errors import UserError
from unetstudio.project.relocate import CopyProgress, copy_files, free_folder
from unetstudio.workspace.project_writer import ProjectWriter

if TYPE_CHECKING:
    from unetstudio.ui.session import Session

COPYING = "Saving elsewhere"


class SaveAs(QObject):
    """The session's way to another disk: what is on the old one is copied beside the painting, what waits follows in one step."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._stop: Callable[[], None] = lambda: None
        self._stopped = self._busy = False

    def stop(self) -> None:
        """Ends the copying; the project stays where it is, and so does what was copied."""
        self._stopped = True
        self._stop()

    def save(self, parent: Path) -> None:
        """Into a new folder in `parent`."""
        session, writer = self._session, self._session.writer
        if writer is None or self._busy:
            return
        target = free_folder(parent, writer.project.name)
        self._busy, self._stopped = True, False
        session.progress.emit(COPYING, 0, 0)
        self._stop = session.disk.begin(
            copy_files(writer.project.folder, target), self._tell, lambda error: self._copied(writer, target, error)
        )

    def _tell(self, event: CopyProgress) -> None:
        self._session.progress.emit(COPYING, event.done, event.total + 1)

    def _copied(self, writer: ProjectWriter, target: Path, error: UserError | None) -> None:
        session = self._session
        if error is not None:
            self._failed(error)
        elif session.writer is not writer or self._stopped:
            self._end()
        else:
            session.annotation.end()
            session.saver.flush()
            session.disk.ask(lambda: writer.move_to(target), lambda unread: self._moved(writer, target, unread), self._failed)

    def _moved(self, writer: ProjectWriter, target: Path, unread: tuple[Path, ...]) -> None:
        session = self._session
        self._end()
        if session.writer is not writer:
            return
        session.close_project()
        session.open_paths([target])
        session.notice.emit(f"Everything is saved in {target.name} in {target.parent}. You are working there now.", "info")
        if unread:
            names = f"{count_text(len(unread), 'file')} of the old folder could not be read, the first is {unread[0].name}"
            session.notice.emit(f"{names}. The labels of the open case came from memory; look through the other cases.", "warning")

    def _failed(self, error: UserError) -> None:
        self._end()
        self._session.notice.emit(f"Not saved elsewhere: {error}", "error")

    def _end(self) -> None:
        self._busy = False
        self._session.progress.emit(COPYING, 1, 1)
