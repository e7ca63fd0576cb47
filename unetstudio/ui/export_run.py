"""Exports of the open project: averaged predictions are made first if chosen, then files are written beside the disk thread."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject

from unetstudio.data.case import Case
from unetstudio.data.classes import ClassTable
from unetstudio.errors import UserError
from unetstudio.project.prediction_file import forget_averaged
from unetstudio.ui.disk_thread import DiskThread
from unetstudio.ui.notifier import Notifier
from unetstudio.ui.saving import Saver
from unetstudio.ui.task import Task, Tasks
from unetstudio.ui.worker_thread import WorkerThread
from unetstudio.worker.file_messages import AverageCases, CaseAveraged
from unetstudio.worker.messages import TaskEnded, TaskEvent
from unetstudio.workspace.export import ExportChoice, Exported, export, stored
from unetstudio.workspace.open_project import OpenProject
from unetstudio.workspace.project_writer import ProjectWriter


class ExportRun(QObject):
    """Starts exports. Writing continues when the project is closed, since it only reads the disk; predicting ends with it."""

    def __init__(
        self, notifier: Notifier, disk: DiskThread, saver: Saver, worker: WorkerThread, tasks: Tasks, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._notifier, self._disk, self._saver, self._worker, self._tasks = notifier, disk, saver, worker, tasks
        self._averaging: list[_Export] = []
        notifier.project_closing.connect(self._stop_predicting)

    def begin(self, folder: Path, choice: ExportChoice, cases: list[str], *, averaged: bool = False) -> Task:
        """Write the chosen files of these cases into a folder; segmentations `averaged` over mirrored views are predicted first."""
        task = self._tasks.begin("Exporting")
        project, ids = self._notifier.project, set(cases)
        if project is None:
            self._fail(task, "Nothing was exported: no project is open.")
        elif self._saver.refused:
            self._fail(task, f"Nothing was exported: some strokes are not saved yet. {self._saver.refused}")
        else:
            selected = [case for case in project.cases if case.id in ids]
            run = _Export(project, folder, choice, selected, task)
            if averaged and choice.what == "segmentation":
                self._average(run)
            else:
                self._write(run)
        return task

    def _stop_predicting(self) -> None:
        for run in tuple(self._averaging):
            run.task.stop()

    # --------------------------------------------------------------------------------------------------- predicting

    def _average(self, run: _Export) -> None:
        run.averaged = True
        self._averaging.append(run)
        run.task.on_stop(partial(self._stop_averaging, run))
        cases = tuple(case.id for case in run.cases)
        self._worker.begin(AverageCases(run.task.id, cases), partial(self._take_averaged, run), partial(self._averaging_ended, run))

    def _take_averaged(self, run: _Export, event: TaskEvent) -> None:
        if not isinstance(event, CaseAveraged):
            return
        if event.problem:
            run.task.problem(event.problem)
            run.cases = [case for case in run.cases if case.id != event.case]
        run.task.progress(event.done, 2 * event.total)  # writing is the other half

    def _averaging_ended(self, run: _Export, end: TaskEnded) -> None:
        if end.error:
            self._abandon(run, f"{end.error} Export again.")
        elif not run.cases:
            self._abandon(run, run.task.problems[-1])
        else:
            self._averaging.remove(run)
            self._write(run)

    def _stop_averaging(self, run: _Export) -> None:
        """Stop averaging at the user's request, which also ends the task."""
        self._worker.stop(run.task.id)
        self._drop(run)
        self._notifier.notice.emit("The export was stopped.", "error")

    def _abandon(self, run: _Export, sentence: str) -> None:
        """End an export before anything was written."""
        self._drop(run)
        self._fail(run.task, sentence)

    def _drop(self, run: _Export) -> None:
        self._averaging.remove(run)
        self._disk.ask(partial(forget_averaged, run.project.path))

    # ------------------------------------------------------------------------------------------------------ writing

    def _write(self, run: _Export) -> None:
        steps = _written(run.project.writer, run.cases, run.project.classes.table, run.folder, run.choice, run.averaged)
        run.task.on_stop(self._disk.begin(steps, partial(self._take_written, run), partial(self._end, run)))

    def _take_written(self, run: _Export, event: Exported) -> None:
        if event.note:
            run.task.problem(event.note)
        if event.problem:
            run.task.problem(event.problem)
        elif event.case:
            run.written[event.case] = None
        before = event.total if run.averaged else 0  # predicting was the first half
        run.task.progress(before + min(event.done, event.total - 1), before + event.total)

    def _end(self, run: _Export, error: UserError | None) -> None:
        if self._notifier.project is run.project:
            formats = list(run.choice.formats)
            for case in run.cases:
                if case.id in run.written:
                    self._saver.note(case, event="exported", what=run.choice.what, formats=formats)
        if error is not None:
            self._fail(run.task, str(error))
        else:
            if problems := run.task.problems:
                more = f" ({len(problems) - 1} more were left out.)" if len(problems) > 1 else ""
                self._notifier.notice.emit(problems[0] + more, "warning")
            run.task.finish(run.folder)

    def _fail(self, task: Task, sentence: str) -> None:
        self._notifier.notice.emit(sentence, "error")
        task.fail(sentence)


class _Export:
    """One running export."""

    def __init__(self, project: OpenProject, folder: Path, choice: ExportChoice, cases: list[Case], task: Task) -> None:
        self.project, self.folder, self.choice, self.cases, self.task = project, folder, choice, cases, task
        self.averaged = False
        self.written: dict[str, None] = {}  # ids of the cases with an exported file


def _written(
    writer: ProjectWriter, cases: list[Case], classes: ClassTable, folder: Path, choice: ExportChoice, averaged: bool
) -> Generator[Exported, None, None]:
    """Write files, and delete the averaged predictions in the end."""
    try:
        yield from export(stored(writer.project, averaged=averaged), cases, classes, folder, choice)
    finally:
        if averaged:
            forget_averaged(writer.project.folder)
