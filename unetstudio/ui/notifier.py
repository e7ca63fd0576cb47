"""The open project of a window and the signals that report its changes."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from unetstudio.data.case import Case
from unetstudio.data.classes import ClassTable
from unetstudio.data.classes_edit import ClassesEdit
from unetstudio.data.labels import LabelMap
from unetstudio.data.scan import Scan
from unetstudio.errors import UserError
from unetstudio.workspace.case_list import CasesEdit
from unetstudio.workspace.open_case import OpenCase
from unetstudio.workspace.open_project import OpenProject, SettingsChanged

Change = CasesEdit | ClassesEdit | SettingsChanged
"""The result of an operation on a project."""


class Notifier(QObject):
    """Runs operations on `project` and announces their changes, in one place; every part that saves, learns or shows it listens here."""

    project_opened = Signal()
    project_closing = Signal()  # the project is still open
    project_closed = Signal()
    cases_changed = Signal()  # list, order, review states, thumbnails
    classes_changed = Signal()
    changed = Signal(object)  # Change: after cases_changed or classes_changed, if it is one of those
    case_opening = Signal(str)  # id: its scan is being read
    case_opened = Signal(str)  # id: scan and labels are loaded, ready to paint
    case_failed = Signal(str, str)  # id, one sentence
    notice = Signal(str, str)  # one sentence, level: "info", "warning", "error"
    fault = Signal(str)  # traceback of an error in the program itself, on the disk thread or in the worker

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project: OpenProject | None = None

    @property
    def case(self) -> OpenCase | None:
        """The open case."""
        return None if self.project is None else self.project.case

    @property
    def scan(self) -> Scan | None:
        """The image of the open case."""
        return None if self.case is None else self.case.scan

    @property
    def labels(self) -> LabelMap | None:
        """The labels of the open case."""
        return None if self.case is None else self.case.labels

    @property
    def cases(self) -> tuple[Case, ...]:
        """The cases of the project in the order of the strip; none without a project."""
        return () if self.project is None else self.project.cases.all

    @property
    def classes(self) -> ClassTable:
        """The classes of the project; an empty table without a project."""
        return ClassTable() if self.project is None else self.project.classes.table

    @property
    def read_only(self) -> bool:
        """Whether a project is open that cannot be changed."""
        return self.project is not None and self.project.read_only

    def enter(self, project: OpenProject) -> None:
        """Make a project the open one."""
        self.project = project
        self.project_opened.emit()
        self.classes_changed.emit()
        self.cases_changed.emit()
        for sentence in project.notices:
            self.notice.emit(sentence, "warning")

    def leave(self) -> None:
        """Release the project, if there is one."""
        if self.project is not None:
            self.project_closing.emit()
            self.project.keep_view()
            self.project = None
            self.project_closed.emit()

    def change(self, operation: Callable[[OpenProject], Change | None]) -> Change | None:
        """Run an operation on the project and announce its change; a UserError becomes a notice."""
        if self.project is None:
            return None
        if self.read_only:
            self.notice.emit("This project is open read-only; nothing is changed.", "info")
            return None
        try:
            change = operation(self.project)
        except UserError as error:
            self.notice.emit(str(error), "warning")
            return None
        if change is not None:
            self.announce(change)
        return change

    def announce(self, change: Change) -> None:
        """Announce a change made to the project."""
        match change:
            case ClassesEdit():
                self.classes_changed.emit()
            case SettingsChanged():
                pass
            case _:
                self.cases_changed.emit()
        self.changed.emit(change)
