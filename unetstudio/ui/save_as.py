"""Saving the open project in another folder and continuing there, when its own disk takes no more."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from unetstudio.data.quantity import count_text
from unetstudio.errors import UserError
from unetstudio.project.relocate import copy_files, free_folder
from unetstudio.ui.annotation import Annotation
from unetstudio.ui.disk_thread import DiskThread
from unetstudio.ui.notifier import Notifier
from unetstudio.ui.task import Task, Tasks
from unetstudio.workspace.open_project import OpenProject


class SaveAs(QObject):
    """Copies the files from the old disk while painting goes on, then stores the unsaved changes in the copy in one step."""

    moved = Signal(object)  # Path of the copy that is to be opened now

    def __init__(self, notifier: Notifier, disk: DiskThread, tasks: Tasks, annotation: Annotation, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._notifier, self._disk, self._tasks, self._annotation = notifier, disk, tasks, annotation
        self._busy = False

    def begin(self, parent: Path) -> None:
        """Save into a new folder in `parent`. When it is stopped, the project stays where it is; the copied files stay too."""
        project = self._notifier.project
        if project is None or self._busy:
            return
        self._busy = True
        target = free_folder(parent, project.name)
        task = self._tasks.begin("Saving elsewhere")
        stop = self._disk.begin(
            copy_files(project.path, target),
            lambda event: task.progress(event.done, event.total + 1),
            lambda error: self._take_copy(task, project, target, error),
        )
        task.on_stop(stop)

    def _take_copy(self, task: Task, project: OpenProject, target: Path, error: UserError | None) -> None:
        if error is not None:
            self._fail(task, error)
        elif self._notifier.project is not project or not task.running:
            self._busy = False
            task.stop()
        else:
            self._annotation.end()
            task.on_stop(None)
            move = lambda: project.writer.move_to(target)  # noqa: E731 - two callbacks follow
            self._disk.ask(move, lambda unread: self._go_on(task, project, target, unread), lambda error: self._fail(task, error))

    def _go_on(self, task: Task, project: OpenProject, target: Path, unread: tuple[Path, ...]) -> None:
        self._busy = False
        task.finish(target)
        if self._notifier.project is not project:
            return
        self.moved.emit(target)
        self._notifier.notice.emit(f"Everything is saved in {target.name} in {target.parent}. You are working there now.", "info")
        if unread:
            names = f"{count_text(len(unread), 'file')} of the old folder could not be read, the first is {unread[0].name}"
            self._notifier.notice.emit(f"{names}. The labels of the open case came from memory; look through the other cases.", "warning")

    def _fail(self, task: Task, error: UserError) -> None:
        self._busy = False
        sentence = f"Not saved elsewhere: {error}"
        task.fail(sentence)
        self._notifier.notice.emit(sentence, "error")
