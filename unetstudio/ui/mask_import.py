"""Import of masks made in other programs into the open project: read beside the disk thread, which stores those of cases that are not
open."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from unetstudio.data.case import Case
from unetstudio.data.classes import ClassTable
from unetstudio.data.classes_edit import ClassesEdit
from unetstudio.data.quantity import count_text
from unetstudio.errors import UserError
from unetstudio.formats.masks.coding import MaskCoding, decide
from unetstudio.formats.masks.mapping import Mapping
from unetstudio.formats.masks.meaning import BY_VALUE
from unetstudio.formats.masks.questions import Question
from unetstudio.formats.masks.summary import MaskSummary
from unetstudio.project.record import Kind
from unetstudio.ui.annotation import Annotation
from unetstudio.ui.disk_thread import DiskThread
from unetstudio.ui.notifier import Notifier
from unetstudio.ui.task import Task, Tasks
from unetstudio.workspace.import_masks import Surveyed, label_values, mask_edit, survey
from unetstudio.workspace.mask_matching import Matches, matched
from unetstudio.workspace.open_case import LabelChange
from unetstudio.workspace.open_project import OpenProject
from unetstudio.workspace.project_writer import ClosedCaseChange, ProjectWriter

NEW_CLASS = -1
"""The answer that makes a class for a value."""


@dataclass(frozen=True, eq=False)
class _Mask:
    """A mask that was read; `change` is None for the open case, whose labels the window holds."""

    case: Case
    path: Path
    values: NDArray[np.uint8]  # (Z, Y, X) class values
    change: ClosedCaseChange | None
    done: int
    total: int


@dataclass(eq=False)
class _Run:
    """One running import."""

    project: OpenProject
    task: Task
    pairs: list[tuple[Path, Case]] = field(default_factory=list)
    summaries: list[MaskSummary] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    imported: int = 0  # masks that changed the labels
    pending: int = 0  # masks that are stored again, since their case was closed meanwhile
    read: bool = False  # whether all masks have been read
    error: UserError | None = None


@dataclass(frozen=True, eq=False)
class Undecided:
    """An import that waits for the user's word on some values."""

    questions: tuple[Question, ...]
    notes: tuple[str, ...]
    run: _Run


class MaskImport(QObject):
    """Imports masks as labels of the cases with the same file stem. An import ends with its project."""

    stored = Signal(object)  # LabelChange of a case that is not open
    asked = Signal(object)  # Undecided: to be answered by `answer` or `cancel`

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
        run = _Run(project, self._tasks.begin("Importing masks"))
        self._runs.append(run)
        steps = _survey(paths, tuple(project.cases.all), None if project.case is None else project.case.case)
        run.task.on_stop(self._disk.begin(steps, lambda event: self._keep(run, event), lambda error: self._decide(run, error)))

    def answer(self, undecided: Undecided, values: Sequence[int]) -> None:
        """Import with these class values for the questions, UNLABELLED for not annotated; NEW_CLASS makes a class."""
        answers = []
        for question, value in zip(undecided.questions, values, strict=True):
            chosen = value if value != NEW_CLASS else self._new_class(question.class_name)
            if chosen is None:  # there is no room for another class, which was said
                self.cancel(undecided)
                return
            answers.append(question.answered(chosen))
        self._decide(undecided.run, None, tuple(answers))

    def cancel(self, undecided: Undecided) -> None:
        """Import nothing."""
        undecided.run.task.stop()
        self._forget(undecided.run)

    def _new_class(self, name: str) -> int | None:
        change = self._notifier.change(lambda project: project.classes.add(name, self._notifier.scan))
        return change.after.value if isinstance(change, ClassesEdit) and change.after is not None else None

    def _keep(self, run: _Run, event: Matches | Surveyed) -> None:
        if isinstance(event, Matches):
            run.pairs, run.notes = event.pairs, list(event.notes)
            return
        run.summaries.append(event.summary)
        run.task.progress(event.done, 2 * event.total + 1)

    def _decide(self, run: _Run, error: UserError | None, answers: tuple[Mapping, ...] = ()) -> None:
        """Decide over the whole set what values mean, ask where it cannot be told, or begin to import."""
        if error is not None or self._notifier.project is not run.project or not run.task.running:
            self._end(run, error)
            return
        coding = decide(run.summaries, run.project.classes.table, answers=answers, objects=True)
        notes = [*run.notes, *(note for mask in run.summaries for note in mask.notes)]
        if coding.questions:
            self.asked.emit(Undecided(coding.questions, tuple(dict.fromkeys(notes)), run))
            return
        run.notes = list(dict.fromkeys([*notes, *(text for text in coding.words if BY_VALUE not in text)]))
        steps = _read(self._disk, run.project.writer, run.pairs, coding.masks, run.project.classes.table)
        run.task.on_stop(self._disk.begin(steps, lambda mask: self._take(run, mask), lambda error: self._end(run, error)))

    def _stop(self) -> None:
        for run in tuple(self._runs):
            run.task.stop()

    def _take(self, run: _Run, mask: _Mask) -> None:
        if self._notifier.project is not run.project:
            return
        run.task.progress(mask.total + mask.done, 2 * mask.total + 1)
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
            run.imported += self._annotation.change(lambda labels: mask_edit(labels, mask.values, classes, mask.path))
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
        self._forget(run)
        if run.error is None:
            run.task.finish(run.imported)
        else:
            run.task.fail(str(run.error))
        if self._notifier.project is not run.project:
            return
        if run.error is not None:
            self._notifier.notice.emit(str(run.error), "error")
        elif run.imported:
            sentences = [f"{count_text(run.imported, 'mask')} imported. What you painted by hand stays.", *run.notes]
            self._notifier.notice.emit(" ".join(sentences), "info")
        elif run.notes:
            self._notifier.notice.emit(" ".join(["Nothing in the labels changed.", *run.notes]), "info")
        self._notifier.cases_changed.emit()  # how much of each is annotated

    def _forget(self, run: _Run) -> None:
        if run in self._runs:
            self._runs.remove(run)


def _survey(paths: list[Path], cases: tuple[Case, ...], open_case: Case | None) -> Generator[Matches | Surveyed, None, None]:
    """Match masks and cases, and look through all masks; a single file of another name is matched to the open case."""
    try:
        matches = matched(paths, cases)
    except UserError:
        if len(paths) != 1 or open_case is None or not paths[0].is_file():
            raise
        matches = Matches([(paths[0], open_case)])
    yield matches
    yield from survey(matches.pairs)


def _read(
    disk: DiskThread, writer: ProjectWriter, pairs: list[tuple[Path, Case]], codings: Sequence[MaskCoding], classes: ClassTable
) -> Generator[_Mask, None, None]:
    """Read masks, and store those of cases that are not open in turn with the strokes."""
    for done, ((path, case), coding) in enumerate(zip(pairs, codings, strict=True), start=1):
        values = label_values(path, case, coding)
        change = disk.carry(partial(_stored, writer, case, path, values, classes))
        yield _Mask(case, path, values, change, done, len(pairs))


def _stored(writer: ProjectWriter, case: Case, path: Path, values: NDArray[np.uint8], classes: ClassTable) -> ClosedCaseChange | None:
    """Store a mask on the disk thread, unless its case is open and the window must change the labels."""
    if writer.is_open(case.id):
        return None
    writer.retry()  # its own strokes that the disk refused come first
    return writer.change_closed_case(case, lambda labels: mask_edit(labels, values, classes, path))
