"""What goes in and out of the project besides images: masks made elsewhere, and exports.

Both are jobs beside the disk thread; what an import writes it hands over to that thread.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from unetstudio.data.case import Case
from unetstudio.data.classes import ClassTable
from unetstudio.data.edit import Edit
from unetstudio.data.quantity import count_text
from unetstudio.errors import UserError
from unetstudio.formats import read_mask_onto
from unetstudio.project.prediction_file import forget_averaged
from unetstudio.ui.disk_thread import DiskThread
from unetstudio.ui.task import Task
from unetstudio.worker.file_messages import AverageCases, CaseAveraged
from unetstudio.worker.messages import LabelsEdited, TaskEnded, TaskEvent
from unetstudio.workspace.export import ExportChoice, Exported, export, stored
from unetstudio.workspace.import_masks import mask_edit, matched
from unetstudio.workspace.project_writer import ProjectWriter

if TYPE_CHECKING:
    from unetstudio.ui.session import Session

IMPORTING, EXPORTING = "Importing masks", "Exporting"


@dataclass(frozen=True, eq=False)
class _MaskRead:
    """A mask for the open case, whose labels the window holds."""

    case: Case
    path: Path
    mask: NDArray[np.integer]
    done: int
    total: int


@dataclass(frozen=True, eq=False)
class _MaskStored:
    """A mask that is in the labels of another case already."""

    case: Case
    sequence: int
    edit: Edit | None
    share: float  # of the case's voxels that carry a class now
    done: int
    total: int


class Exchange(QObject):
    """The session's imports and exports."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._problems: list[str] = []
        self._written: dict[str, None] = {}  # ids of the cases with an exported file
        self._imported = 0  # masks that changed something
        self._stop: Callable[[], None] = lambda: None
        self._stop_import: Callable[[], None] = lambda: None
        self._averaged: Callable[..., None] | None = None  # what is done when all cases have been predicted over views
        self._task = Task(EXPORTING, parent=self)
        self._wanted: dict[str, Case] = {}  # the cases that are, by id

    def stop(self) -> None:
        """Ends the import or export in hand after its present file."""
        self._stop()

    def project_closed(self) -> None:
        """An import ends with its project, and so does predicting for an export; writing goes on, for it only reads what is on the disk."""
        self._stop_import()
        if self._averaged is not None:
            self._stop_averaging()

    def import_masks(self, paths: list[Path]) -> None:
        """Masks become labels of the cases with the same file stem; a single mask may have any name: it is for the open case."""
        session = self._session
        if session.writer is None or session.read_only:
            session.notice.emit("Open a project that can be changed first.", "warning")
            return
        try:
            pairs = matched(paths, session.cases)
        except UserError as error:
            if len(paths) != 1 or session.case is None or not paths[0].is_file():
                session.notice.emit(str(error), "error")
                return
            pairs = [(paths[0], session.case)]
        self._imported = 0
        writer = session.writer
        steps = _masks(session.disk, writer, pairs, session.classes)
        self._stop = self._stop_import = session.disk.begin(
            steps, lambda event: self._mask(writer, event), lambda error: self._import_ended(writer, error)
        )

    def _mask(self, writer: ProjectWriter, event: _MaskRead | _MaskStored) -> None:
        session = self._session
        if session.writer is not writer:
            return
        session.progress.emit(IMPORTING, event.done, event.total + 1)
        if isinstance(event, _MaskStored):
            if event.edit is not None:
                self._imported += 1
                session.note_annotated(event.case.id, event.share)
                session.worker.ask(LabelsEdited(event.case.id, event.sequence, event.edit))
            return
        if session.case is None or session.case.id != event.case.id or session.labels is None:
            session.notice.emit(f"{event.path.name}: its case was closed meanwhile; import it again.", "warning")
            return
        try:
            self._imported += session.annotation.change(
                lambda labels: mask_edit(labels, event.mask, session.classes, event.path, objects=True)
            )
        except UserError as error:
            session.notice.emit(str(error), "error")

    def export(
        self, folder: Path, what: str, formats: list[str], cases: list[str], pictures: bool, table: bool, *, averaged: bool = False
    ) -> None:
        """Writes masks, legend, overlay pictures and measurements of the chosen cases; segmentations `averaged` over mirrored views are
        predicted first, which takes a while."""
        session = self._session
        if session.writer is None:
            return
        if session.saver.refused:
            session.notice.emit(f"Nothing was exported: some strokes are not saved yet. {session.saver.refused}", "error")
            session.progress.emit(EXPORTING, 1, 1)
            return
        session.saver.flush()
        choice = ExportChoice("segmentation" if what == "segmentation" else "labels", tuple(formats), pictures, table)
        chosen = [case for case in session.cases if case.id in set(cases)]
        self._problems.clear()
        self._written.clear()
        session.progress.emit(EXPORTING, 0, 0)
        averaged = averaged and choice.what == "segmentation"
        if not averaged:
            self._write(session.writer, folder, choice, chosen, averaged=False)
            return
        self._wanted = {case.id: case for case in chosen}
        self._averaged = partial(self._write, session.writer, folder, choice)
        self._task = Task(EXPORTING, parent=self)
        self._stop = self._stop_averaging
        session.worker.begin(AverageCases(self._task.id, tuple(self._wanted)), self._averaging, self._averaging_ended)

    def _write(self, writer: ProjectWriter, folder: Path, choice: ExportChoice, chosen: list[Case], *, averaged: bool) -> None:
        session = self._session

        def ended(error: UserError | None) -> None:
            if session.writer is writer:
                for case_id in self._written:
                    session.saver.note(case_id, event="exported", what=choice.what, formats=list(choice.formats))
            self._ended(EXPORTING, error)

        steps = _exported(writer, chosen, session.classes, folder, choice, averaged)
        self._stop = session.disk.begin(steps, partial(self._exported, averaged), ended)

    def _averaging_ended(self, end: TaskEnded) -> None:
        if self._averaged is not None and end.error:
            self._averaging_failed(f"{end.error} Export again.")

    def _averaging(self, event: TaskEvent) -> None:
        """An event of the worker while it predicts for an export."""
        match event:
            case CaseAveraged() if event.case in self._wanted:
                if event.problem:
                    self._problems.append(event.problem)
                    del self._wanted[event.case]
                self._session.progress.emit(EXPORTING, event.done, 2 * event.total)  # the other half is writing
                if event.done < event.total or self._averaged is None:
                    return
                if self._wanted:
                    write = self._averaged
                    self._forget_averaging()
                    write(list(self._wanted.values()), averaged=True)
                else:
                    self._averaging_failed(self._problems.pop())
            case _:
                pass

    def _averaging_failed(self, why: str) -> None:
        self._forget_averaging()
        if (project := self._session.project_path) is not None:
            self._session.disk.ask(partial(forget_averaged, project))
        self._ended(EXPORTING, UserError(why))

    def _forget_averaging(self) -> None:
        self._averaged, self._stop = None, lambda: None

    def _stop_averaging(self) -> None:
        self._session.worker.stop(self._task.id)
        self._averaging_failed("The export was stopped.")

    def _exported(self, averaged: bool, event: Exported) -> None:
        if event.problem:
            self._problems.append(event.problem)
        elif event.case:
            self._written[event.case] = None
        before = event.total if averaged else 0  # predicting was the first half
        self._session.progress.emit(EXPORTING, before + min(event.done, event.total - 1), before + event.total)

    def _import_ended(self, writer: ProjectWriter, error: UserError | None) -> None:
        if self._session.writer is writer:
            self._ended(IMPORTING, error)
        else:
            self._session.progress.emit(IMPORTING, 1, 1)

    def _ended(self, what: str, error: UserError | None) -> None:
        if error is not None:
            self._session.notice.emit(str(error), "error")
        elif what == EXPORTING and self._problems:
            more = f" ({len(self._problems) - 1} more were left out.)" if len(self._problems) > 1 else ""
            self._session.notice.emit(self._problems[0] + more, "warning")
        elif what == IMPORTING and self._imported:
            self._session.notice.emit(f"{count_text(self._imported, 'mask')} imported. What you painted by hand stays.", "info")
        self._session.progress.emit(what, 1, 1)
        self._session.cases_changed.emit()


def _masks(
    disk: DiskThread, writer: ProjectWriter, pairs: list[tuple[Path, Case]], classes: ClassTable
) -> Generator[_MaskRead | _MaskStored, None, None]:
    for done, (path, case) in enumerate(pairs, start=1):
        read = _MaskRead(case, path, read_mask_onto(path, case.shape, case.geometry), done, len(pairs))
        yield disk.carry(partial(_stored, writer, read, classes))


def _stored(writer: ProjectWriter, read: _MaskRead, classes: ClassTable) -> _MaskRead | _MaskStored:
    """On the disk thread: what becomes of a mask, unless its case is open and the window must change the labels."""
    case = read.case
    if writer.is_open(case.id):
        return read
    writer.retry()  # strokes of it that the disk refused come first
    labels = writer.project.store(case).load(case.shape).labels
    edit = mask_edit(labels, read.mask, classes, read.path, objects=True)
    sequence = 0
    if edit is not None:
        sequence = writer.append_elsewhere(case, edit)
        labels.apply(edit)
    return _MaskStored(case, sequence, edit, labels.annotated / labels.values.size, read.done, read.total)


def _exported(
    writer: ProjectWriter, cases: list[Case], classes: ClassTable, folder: Path, choice: ExportChoice, averaged: bool
) -> Generator[Exported, None, None]:
    try:
        yield from export(stored(writer.project, averaged=averaged), cases, classes, folder, choice)
    finally:
        if averaged:
            forget_averaged(writer.project.folder)
