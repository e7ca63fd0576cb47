"""A session like that of the window's disk thread: each refused step must raise a sentence and succeed when the disk works again."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from faults.failing import Blind, Failing
from faults.judge import Promises, bury, fault
from faults.story import CLASSES, NAME, Story, begun, picture, state

from unetstudio.data.case import Case, ReviewState
from unetstudio.data.edit import Edit
from unetstudio.data.labels import LabelMap
from unetstudio.data.scan import Scan
from unetstudio.errors import UserError
from unetstudio.project.case_changes import changed
from unetstudio.project.project import Project
from unetstudio.project.record import Kind
from unetstudio.project.store import read_labels
from unetstudio.workspace.project_writer import ProjectWriter

SENTENCE = re.compile(r"[^\n]{15,400}[.?]")
UNSPEAKABLE = re.compile(r"Errno|Traceback|Error\b|0x[0-9a-f]+|\bNone\b")


class Session:
    """A session in `root`; `faults` are the broken promises."""

    def __init__(self, root: Path, disk: Failing | Blind) -> None:
        self.root, self._disk = root, disk
        self.folder = root / NAME
        self.story, self.promised = Story(), Promises([])
        self.faults: list[str] = []
        self.said: list[str] = []
        self._changes: Counter[str] = Counter()

    def live(self) -> None:
        """Run two sessions of one user."""
        first, second = picture(1), picture(2, (3, 20, 24))
        project = self._try(lambda: Project.create(self.folder, CLASSES), self._elsewhere)
        writer = ProjectWriter(project, self.root / "documents")
        self.story.cases = {first.id: first, second.id: second}
        self._list(writer, lambda: writer.update(cases=(first, second)))
        self._paint(writer, first, [1, 2, -2, 3, 4])
        self._paint(writer, second, [20, 21])
        self._list(writer, lambda: writer.update(classes=writer.project.classes.added("Wall", (9, 9, 9))))
        self._try(lambda: writer.keep_thumbnail(first.id, b"picture"))
        self._try(writer.beat)
        self._paint(writer, first, [5])
        self._try(writer.close, lambda: None)
        project = self._try(self._opened)
        writer = ProjectWriter(project, self.root / "documents")
        self._paint(writer, second, [22, -22, 23])
        self._list(writer, lambda: writer.project.update(cases=changed(writer.project.cases, second.id, review=ReviewState.ACCEPTED)))
        self._try(writer.retry)
        self._try(writer.close, lambda: None)
        self._disk.heal()
        for case in (first, second):
            if read_labels(self.folder, case)[1] != self._changes[case.id]:
                self.faults.append(f"{case.name}: a change is stored twice, or not at all")

    def _opened(self) -> Project:
        """Open the project as another process; a lock that could not be removed becomes that of a dead one."""
        bury(self.folder)
        project = Project.open(self.folder)
        if project.read_only:  # with a notice; the user opens it again
            project.close()
            raise UserError(project.notices[0])
        return project

    def _elsewhere(self) -> Project:
        """Choose another name, as the error of a refused creation asks."""
        self.folder = self.root / "again" / NAME
        return Project.create(self.folder, CLASSES)

    def _paint(self, writer: ProjectWriter, case: Case, numbers: list[int]) -> None:
        """Paint strokes by number; a negative one is undone."""
        opened = self._try(lambda: writer.open_case(case, Scan(np.zeros((1, *case.shape), np.uint8))))
        labels = opened.labels
        states = self.story.labels.setdefault(case.id, [state(labels)])
        if not np.array_equal(states[-1], state(labels)):
            self.faults.append(f"{case.name} was opened with other labels than it had")
        made: dict[int, Edit] = {}
        for number in numbers:
            if number > 0:
                stroke = begun(labels, number)
                if number % 2:
                    self._keep(writer, case, Kind.PARTIAL, stroke.part(), labels)
                made[number] = stroke.commit()
                self._keep(writer, case, Kind.EDIT, made[number], labels)
            else:
                labels.apply(made[-number].inverse())
                self._keep(writer, case, Kind.UNDO, made[-number].inverse(), labels)
        stroke = begun(labels, 50)
        self._keep(writer, case, Kind.PARTIAL, stroke.part(), labels)
        stroke.rollback()
        self._keep(writer, case, Kind.CANCEL, None, labels)
        self._try(lambda: writer.note(case, {"event": "accepted"}), writer.retry)

    def _keep(self, writer: ProjectWriter, case: Case, kind: Kind, edit: Edit | None, labels: LabelMap) -> None:
        states = self.story.labels[case.id]
        states.append(state(labels))
        self._changes[case.id] += kind.changes
        self.promised.note("begin", case.id, len(states) - 1)
        self._try(lambda: writer.append(case.id, kind, edit), writer.retry)
        self.promised.note("labels", case.id, len(states) - 1)

    def _list(self, writer: ProjectWriter, change: Callable[[], object]) -> None:
        self.story.manifests = self.story.manifests or [writer.project.manifest]
        self.promised.note("manifest", len(self.story.manifests) - 1)
        change()
        self._try(writer.retry)
        self._try(writer.retry)
        self.story.manifests.append(writer.project.manifest)
        self.promised.note("manifest", len(self.story.manifests) - 1)

    def _try(self, step: Callable[[], object], again: Callable[[], object] | None = None) -> object:
        """Do a step; when it is refused, inspect the disk, repair it and try again."""
        try:
            return step()
        except UserError as error:
            self.said.append(str(error))
            if not SENTENCE.fullmatch(str(error)) or UNSPEAKABLE.search(str(error)):
                self.faults.append(f"said {error!s:.200}")
        self._inspect()
        self._disk.heal()
        return (again or step)()

    def _inspect(self) -> None:
        """Check that another program that opens a copy of the folder finds everything saved before."""
        if not self.story.manifests or not self.folder.exists():
            return
        copy = self.root / "copy" / NAME
        shutil.copytree(self.folder, copy)
        if found := fault(copy, self.story, self.promised, goes_on=False, lists=False):
            self.faults.append(f"while the disk refused: {found}")
        shutil.rmtree(copy.parent)
