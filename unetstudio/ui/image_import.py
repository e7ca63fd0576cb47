"""Images on their way into a project: read beside the disk thread, one after the other; what is dropped meanwhile waits its turn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from unetstudio.data.case import Case
from unetstudio.errors import UserError
from unetstudio.workspace import recent
from unetstudio.workspace.intake import CaseRead, CaseRefused
from unetstudio.workspace.project_writer import OpenedProject, ProjectWriter
from unetstudio.workspace.take_in import take_in

if TYPE_CHECKING:
    from unetstudio.ui.session import Session

OPENING = "Opening images"


class ImageImport(QObject):
    """The session's intake. Events of an intake that was forgotten, because its project was closed, are dropped as they come."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._waiting: list[tuple[list[Path], bool, bool]] = []
        self._show = False  # whether what is being read now is to be opened as it comes
        self._intake: object | None = None  # what is being read now
        self._stop: Callable[[], None] = lambda: None
        self.lost: set[str] = set()
        """Ids of cases whose image could not be read: it may be dropped on the window from its new place."""

    def add(self, paths: list[Path], *, anew: bool = False, show: bool = False) -> None:
        """Takes images into the open project; without one into that beside them, or into another made `anew`. With `show` they are
        opened as well, and not only listed."""
        self._waiting.append((paths, anew, show))
        self.go_on()

    def stop(self) -> None:
        """Ends reading after the image in hand; those read so far stay."""
        self._waiting.clear()
        self._stop()

    def forget(self) -> None:
        """The project is closed: nothing that is still being read belongs to it."""
        self.stop()
        self.lost.clear()
        if self._intake is not None:
            self._intake = None
            self._session.progress.emit(OPENING, 1, 1)

    def go_on(self) -> None:
        """Reads what waits, unless something is being read or a project is being opened."""
        session = self._session
        if self._intake is not None or session.opening or not self._waiting:
            return
        if session.read_only:
            self._waiting.clear()
            session.notice.emit("This project is open read-only; images cannot be added.", "warning")
            return
        paths, anew, self._show = self._waiting.pop(0)
        writer = session.writer
        if writer is not None:
            session.saver.flush()  # so that the cases it has are known there
            self._look_for_lost(writer, paths)
        session.progress.emit(OPENING, 0, 0)
        intake = self._intake = object()
        steps = take_in(paths, writer, recent.documents(), anew=anew, in_turn=session.disk.carry)
        self._stop = session.disk.begin(steps, lambda event: self._take(intake, event), lambda error: self._ended(intake, error))

    def _take(self, intake: object, event: OpenedProject | CaseRead | CaseRefused) -> None:
        session = self._session
        if intake is not self._intake:
            if isinstance(event, OpenedProject):
                session.disk.ask(event.writer.close)
            return
        match event:
            case OpenedProject():
                session.show_project(event)
            case CaseRead():
                session.progress.emit(OPENING, event.done, event.total)
                session.add_case(event.case, event.scan)
                if self._show and any(case.id == event.case.id for case in session.cases):
                    session.open_case(event.case.id, event.scan)
            case CaseRefused():
                session.progress.emit(OPENING, event.done, event.total)
                if not event.known or self._show:
                    session.notice.emit(event.text, "warning")

    def _ended(self, intake: object, error: UserError | None) -> None:
        if intake is not self._intake:
            return
        self._intake = None
        self._session.progress.emit(OPENING, 1, 1)
        if error is not None:
            self._session.notice.emit(str(error), "error")
        self.go_on()

    def _look_for_lost(self, writer: ProjectWriter, paths: list[Path]) -> None:
        lost = [case for case in self._session.cases if case.id in self.lost]
        if lost:
            self._session.disk.ask(lambda: writer.found_again(lost, paths), lambda found: self._found_again(writer, found))

    def _found_again(self, writer: ProjectWriter, cases: list[Case]) -> None:
        session = self._session
        if not cases or session.writer is not writer:
            return
        self.lost -= {case.id for case in cases}
        session.replace_cases(cases)
        session.notice.emit(f"Found again: {', '.join(case.name for case in cases[:3])}{' …' if len(cases) > 3 else ''}", "info")
        session.open_case(cases[0].id)
