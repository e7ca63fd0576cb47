"""Opening of a case on the screen: its image is read, then its labels; of several requested in a row only the last is shown."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from unetstudio.data.case import Case
from unetstudio.data.scan import Scan
from unetstudio.errors import UserError
from unetstudio.networks.allocator import give_back
from unetstudio.ui.annotation import Annotation
from unetstudio.ui.cursor import Cursor
from unetstudio.ui.disk_thread import DiskThread
from unetstudio.ui.display import Display
from unetstudio.ui.notifier import Change, Notifier
from unetstudio.ui.review import Review
from unetstudio.ui.saving import Saver
from unetstudio.workspace.case_list import CaseRemoved
from unetstudio.workspace.open_project import OpenProject
from unetstudio.workspace.project_writer import LoadedCase


class CaseOpener(QObject):
    """Opens and closes cases of the open project. The case on the screen stays there until the next is read."""

    shown = Signal()  # after all other parts have seen the opened case

    def __init__(
        self,
        notifier: Notifier,
        disk: DiskThread,
        saver: Saver,
        cursor: Cursor,
        display: Display,
        annotation: Annotation,
        review: Review,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._notifier, self._disk, self._saver = notifier, disk, saver
        self._cursor, self._display, self._annotation, self._review = cursor, display, annotation, review
        self.requested = ""
        """Id of the case requested last; "" when there is none."""
        self.notes: dict[str, tuple[str, ...]] = {}
        """What the readers said about the images of the cases opened so far, by id."""
        notifier.project_closed.connect(self.notes.clear)
        notifier.project_closing.connect(self.close)
        notifier.changed.connect(self._leave_removed)
        review.next_requested.connect(self._open_next_unreviewed)

    def open(self, case_id: str, scan: Scan | None = None) -> None:
        """Show a case unless it is open or being read; a `scan` that is given is not read again."""
        project = self._notifier.project
        if project is None or case_id == self.requested:
            return
        case = project.cases[case_id]
        self._annotation.end()
        self.requested = case_id
        self._notifier.case_opening.emit(case_id)
        if scan is not None:
            self._read_labels(project, case, scan)
            return

        def read() -> tuple[Case, Scan] | None:
            return project.writer.scan_of(case) if self.requested == case_id else None

        def go_on(image: tuple[Case, Scan] | None) -> None:
            if image is not None and self._awaits(project, case_id):
                self._read_labels(project, *image)

        self._disk.read(read, go_on, lambda error: self._refuse(project, case_id, error))

    def step(self, step: int) -> None:
        """Show the next (+1) or previous (-1) case of the strip."""
        project = self._notifier.project
        if project is not None and (case := project.cases.neighbour(self.requested, step)) is not None:
            self.open(case.id)

    def close(self) -> None:
        """Close the open case, and forget the one that is being read."""
        self.requested = ""
        self._close_case()

    def _awaits(self, project: OpenProject, case_id: str) -> bool:
        return self.requested == case_id and self._notifier.project is project

    def _read_labels(self, project: OpenProject, case: Case, scan: Scan) -> None:
        def read() -> LoadedCase | None:
            return project.writer.open_case(case, scan) if self.requested == case.id else None

        def go_on(loaded: LoadedCase | None) -> None:
            if loaded is not None and self._awaits(project, case.id):
                self.show(project, loaded)

        self._disk.ask(read, go_on, lambda error: self._refuse(project, case.id, error))

    def show(self, project: OpenProject, loaded: LoadedCase) -> None:
        """Show a loaded case."""
        case, before = loaded.case, project.case
        if before is not None and before.id == case.id and loaded.sequence <= before.sequence:
            self._notifier.case_opened.emit(case.id)  # opened again before the next was read: the screen is as new as the disk, or newer
            return
        self._close_case()
        if case.source != project.cases[case.id].source:
            self._notifier.announce(project.cases.relink([case]))
        changed = project.changed_while_closed(loaded)
        opened = project.enter(loaded)
        self._display.show(replace(self._display.options, window=None))
        self._cursor.open(case.shape)
        self._annotation.open(opened, loaded.history, changed=changed)
        self._review.open(case, opened.scan.voxels, opened.labels, loaded.prediction)
        self._saver.save()
        self._notifier.case_opened.emit(case.id)
        if loaded.recovered:
            self._notifier.notice.emit(loaded.recovered, "warning")
        self._say_notes(case, opened.scan)
        self.shown.emit()
        self._disk.ask(give_back)  # of the previous case

    def _say_notes(self, case: Case, scan: Scan) -> None:
        """Tell what was left out or assumed when the image was read, the first time that the case is opened."""
        if scan.notes and case.id not in self.notes:
            self._notifier.notice.emit(" ".join((f"{case.name}:", *scan.notes)), "info")
        self.notes[case.id] = scan.notes

    def _refuse(self, project: OpenProject, case_id: str, error: UserError) -> None:
        if self._notifier.project is not project:
            return  # it was read while its project was closed
        if self.requested == case_id:
            self.requested = "" if project.case is None else project.case.id
        self._notifier.case_failed.emit(case_id, str(error))
        self._notifier.notice.emit(str(error), "error")

    def _close_case(self) -> None:
        project = self._notifier.project
        if project is None or project.case is None:
            return
        self._annotation.end()
        project.leave()
        self._annotation.close()
        self._review.close()

    def _leave_removed(self, change: Change) -> None:
        """Show the neighbour of the case on screen when that case was removed from the list."""
        if not isinstance(change, CaseRemoved) or change.case.id != self.requested:
            return
        if change.neighbour is None:
            self.close()
        else:
            self.open(change.neighbour.id)

    def _open_next_unreviewed(self) -> None:
        project = self._notifier.project
        if project is None:
            return
        case = project.cases.next_unreviewed(self.requested)
        if case is not None:
            self.open(case.id)
        else:
            self._notifier.notice.emit("Every case has been reviewed.", "info")
