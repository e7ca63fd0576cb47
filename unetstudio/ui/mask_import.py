"""Import of masks made in other programs into the open project: read beside the disk thread, which stores those of cases that are not
open."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from unetstudio.data.case import Case
from unetstudio.data.classes import ClassTable
from unetstudio.data.quantity import count_text
from unetstudio.errors import UserError
from unetstudio.formats import read_mask_onto
from unetstudio.project.record import Kind
from unetstudio.ui.annotation import Annotation
from unetstudio.ui.disk_thread import DiskThread
from unetstudio.ui.notifier import Notifier
from unetstudio.ui.task import Task, Tasks
from unetstudio.workspace.import_masks import mask_edit, matched
from unetstudio.workspace.open_case import LabelChange
from unetstudio.workspace.open_project import OpenProject
from unetstudio.workspace.project_writer import ClosedCaseChange, ProjectWriter


@dataclass(frozen=True, eq=False)
class _Mask:
    """A mask that was read; `change` is None for the open case, whose labels the window holds."""

    case: Case
    path: Path
    values: NDArray[np.integer]  # (Z, Y, X)
    change: ClosedCaseChange | None
    done: int
    total: int


@dataclass(eq=False)
class _Run:
    """One running import."""

    project: OpenProject
    task: Task
    imported: int = 0  # masks that changed the labels
    pending: int = 0  # masks that are stored again, since their case was closed meanwhile
    read: bool = False  # whether all masks have been read
    error: UserError | None = None


class MaskImport(QObject):
    """Imports masks as labels of the cases with the same file stem. An import ends with its project."""

    stored = Signal(object)  # LabelChange of a case that is not open

    def __init__(self, notifier: Notifier, disk: DiskThread, tasks: Tasks, annotation: Annotation, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._notifier, self._disk, self._tasks, self._annotation = notifier, disk, tasks, annotation
        self._runs: list[_Run] = []
        notifier.project_closing.connect(self._stop)

    def begin(self, paths: list[Path]) -> None:
        """Import masks. A single mask may have any name: it is for the open case."""
        project = self._notifier.project
        if project is None or project.read_only:
            self._notifier.notice.emit("Open a project that can be changed first.", "warning")
            return
        try:
            pairs = _pairs(paths, project)
        except UserError as error:
            self._notifier.notice.emit(str(error), "error")
            return
        run = _Run(project, self._tasks.begin("Importing masks"))
        self._runs.append(run)
        steps = _read(self._disk, project.writer, pairs, project.classes.table)
        run.task.on_stop(self._disk.begin(steps, lambda mask: self._take(run, mask), lambda error: self._end(run, error)))

    def _stop(self) -> None:
        for run in self._runs:
            run.task.stop()

    def _take(self, run: _Run, mask: _Mask) -> None:
        if self._notifier.project is not run.project:
            return
        run.task.progress(mask.done, mask.total + 1)
        if mask.change is None:
            self._change_open_case(run, mask)
        elif mask.change.edit is not None:
            run.imported += 1
            labels = mask.change.labels
            run.project.cases.note_annotated(mask.case.id, labels.annotated / labels.values.size)
            self.stored.emit(LabelChange(mask.case.id, Kind.EDIT, mask.change.edit, mask.change.sequence))

    def _change_open_case(self, run: _Run, mask: _Mask) -> None:
        case, classes = run.project.case, run.project.classes.table
        if case is None or case.id != mask.case.id:
            self._store_again(run, mask, classes)
            return
        try:
            run.imported += self._annotation.change(lambda labels: mask_edit(labels, mask.values, classes, mask.path, objects=True))
        except UserError as error:
            self._report(run, str(error))

    def _store_again(self, run: _Run, mask: _Mask, classes: ClassTable) -> None:
        """Store a mask on the disk after all: its case was closed before the window could import it."""

        def store() -> ClosedCaseChange | None:
            return _stored(run.project.writer, mask.case, mask.path, mask.values, classes)

        def take(change: ClosedCaseChange | None) -> None:
            run.pending -= 1
            self._take(run, replace(mask, change=change))
            self._end_when_done(run)

        def refuse(error: UserError) -> None:
            run.pending -= 1
            self._report(run, str(error))
            self._end_when_done(run)

        run.pending += 1
        self._disk.ask(store, take, refuse)

    def _report(self, run: _Run, sentence: str) -> None:
        run.task.problem(sentence)
        self._notifier.notice.emit(sentence, "error")

    def _end(self, run: _Run, error: UserError | None) -> None:
        run.read, run.error = True, error
        self._end_when_done(run)

    def _end_when_done(self, run: _Run) -> None:
        if not run.read or run.pending:
            return
        self._runs.remove(run)
        if run.error is None:
            run.task.finish(run.imported)
        else:
            run.task.fail(str(run.error))
        if self._notifier.project is not run.project:
            return
        if run.error is not None:
            self._notifier.notice.emit(str(run.error), "error")
        elif run.imported:
            self._notifier.notice.emit(f"{count_text(run.imported, 'mask')} imported. What you painted by hand stays.", "info")
        self._notifier.cases_changed.emit()  # how much of each is annotated


def _pairs(paths: list[Path], project: OpenProject) -> list[tuple[Path, Case]]:
    """Match masks and cases; a single file of another name is matched to the open case."""
    try:
        return matched(paths, project.cases.all)
    except UserError:
        if len(paths) != 1 or project.case is None or not paths[0].is_file():
            raise
        return [(paths[0], project.case.case)]


def _read(disk: DiskThread, writer: ProjectWriter, pairs: list[tuple[Path, Case]], classes: ClassTable) -> Generator[_Mask, None, None]:
    """Read masks, and store those of cases that are not open in turn with the strokes."""
    for done, (path, case) in enumerate(pairs, start=1):
        values = read_mask_onto(path, case.shape, case.geometry)
        change = disk.carry(partial(_stored, writer, case, path, values, classes))
        yield _Mask(case, path, values, change, done, len(pairs))


def _stored(writer: ProjectWriter, case: Case, path: Path, values: NDArray[np.integer], classes: ClassTable) -> ClosedCaseChange | None:
    """Store a mask on the disk thread, unless its case is open and the window must change the labels."""
    if writer.is_open(case.id):
        return None
    writer.retry()  # its own strokes that the disk refused come first
    return writer.change_closed_case(case, lambda labels: mask_edit(labels, values, classes, path, objects=True))
