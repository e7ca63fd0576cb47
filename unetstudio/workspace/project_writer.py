"""What the disk thread does with the open project: reads cases, keeps labels safe, saves the project's settings. No Qt.

It holds its own copy of the labels of the case in use, so that a new generation of them never shares an array with the painting.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from unetstudio.data.case import Case
from unetstudio.data.classes import ClassTable
from unetstudio.data.display_window import automatic_window
from unetstudio.data.edit import Edit
from unetstudio.data.history import History
from unetstudio.data.labels import LabelMap
from unetstudio.data.prediction import Prediction
from unetstudio.data.quantity import count_text
from unetstudio.data.region import Index
from unetstudio.data.scan import Scan
from unetstudio.errors import ProjectError, UserError
from unetstudio.formats import read_to_paint, sha256_of
from unetstudio.project import durable, folders, prediction_file, relocate
from unetstudio.project.local_journal import LocalJournal
from unetstudio.project.locate import relink
from unetstudio.project.project import Project
from unetstudio.project.record import Kind
from unetstudio.project.replay import history
from unetstudio.project.store import LabelStore
from unetstudio.workspace import recent
from unetstudio.workspace.intake import thumbnail

REMOVED = "removed"
"""Under this name the view of a project keeps the ids of removed cases by the SHA-256 of their images."""

Change = tuple[str, Kind, Edit | dict[str, Any] | None]
"""Case id, kind, and what is stored: an Edit, what a note says, or nothing with a cancelled stroke."""


@dataclass(frozen=True, eq=False)
class OpenedCase:
    """Everything the window needs to paint on a case."""

    case: Case
    scan: Scan
    labels: LabelMap
    sequence: int
    history: History[Edit]
    prediction: Prediction | None
    recovered: str  # what was recovered after a crash, in words, or ""


@dataclass(frozen=True)
class OpenedProject:
    """A project was opened or made; what to tell the user about it."""

    writer: ProjectWriter
    notices: tuple[str, ...]


class ProjectWriter:
    """One open project; every method runs on the disk thread."""

    def __init__(self, project: Project, documents: Path) -> None:
        self.project = project
        self._documents = documents
        self._local = LocalJournal(project, state=recent.state(), documents=documents)
        project.hold_reserve()
        self._kept: dict[str, tuple[LabelStore, LabelMap]] = {}
        self._shapes: dict[str, Index] = {}  # of the cases opened or judged so far: the window may paint on one until the next is there
        self._unsaved: deque[Change] = deque()

    # ----------------------------------------------------------------------------------------------------- reading

    def open_case(self, case: Case, scan: Scan | None = None) -> OpenedCase:
        """Reads a scan (unless it is at hand), its labels with their undo, and its last prediction."""
        self.retry()
        if scan is None:
            case, scan = self.scan_of(case)
        store = self.project.store(case)
        loaded = store.load(case.shape)
        self._kept = {case.id: (store, loaded.labels)}
        self._shapes[case.id] = case.shape
        restored = self._local.restore(store, case.id, loaded.labels.apply)
        told = [loaded.recovered] if loaded.recovered else []
        if restored:
            kept = count_text(len(restored), "change")
            told.append(f"{kept} that could not be saved last time: kept in your own folder, and back now.")
        self._remake_thumbnail(case, scan)
        copy = LabelMap(loaded.labels.values.copy(), loaded.labels.origin.copy())
        prediction = self.prediction(case)
        scan = replace(scan, window=automatic_window(scan))  # here, and not while somebody paints: it looks at many voxels
        return OpenedCase(case, scan, copy, store.sequence, history((*loaded.history, *restored)), prediction, " ".join(told))

    def _remake_thumbnail(self, case: Case, scan: Scan) -> None:
        """One that was never made, as by the command line, or deleted with the cache; a disk that refuses it has worse to tell."""
        if not self.project.read_only and not self.thumbnail(case.id).exists():
            with contextlib.suppress(UserError):
                self.keep_thumbnail(case.id, thumbnail(scan))

    def scan_of(self, case: Case) -> tuple[Case, Scan]:
        """A case's scan, and the case with its source where it lies now; touches nothing of the project, so that any thread may read it."""
        case = relink(case, self.project.folder, sha256_of)
        if sha256_of(case.source) != case.sha256:
            raise ProjectError(
                case.source.path,
                "this is not the image that was painted. Put the old file back, or remove the case and add the new image.",
            )
        scan = read_to_paint(case.source)
        if (scan.shape, scan.channels) != (case.shape, case.channels):
            raise ProjectError(case.source.path, "the project takes it for an image of another size. Remove the case and add it again.")
        return case, replace(scan, window=automatic_window(scan))

    def found_again(self, cases: Sequence[Case], dropped: Sequence[Path]) -> list[Case]:
        """Those of the cases whose missing images lie among or below the dropped paths, with their new places."""
        found = []
        for case in cases:
            with contextlib.suppress(UserError):
                if not case.source.path.exists():
                    found.append(relink(case, self.project.folder, sha256_of, dropped))
        return found

    def prediction(self, case: Case) -> Prediction | None:
        """A case's last prediction on the disk."""
        return prediction_file.load(self.project.folder_of(case), case.shape)

    def thumbnail(self, case_id: str) -> Path:
        """Where a case's thumbnail lies."""
        return self.project.cache / "thumbnails" / f"{case_id}.png"

    # ----------------------------------------------------------------------------------------------------- writing

    def append(self, case_id: str, kind: Kind, edit: Edit | None) -> None:
        """Stores one change durably, after those that could not be stored before; ProjectError leaves it waiting for a retry.

        The parts of a stroke (PARTIAL, and CANCEL, which has no Edit) are kept beside the labels until the stroke ends.
        """
        while kind != Kind.PARTIAL and self._unsaved and self._unsaved[-1][:2] == (case_id, Kind.PARTIAL):
            self._unsaved.pop()  # the whole stroke holds them, or it was taken back
        self._unsaved.append((case_id, kind, edit))
        self.retry()

    def note(self, case_id: str, about: dict[str, Any]) -> None:
        """Stores an event that changes no voxel, such as a review state, for the audit trail."""
        self._shapes.setdefault(case_id, self.project.case(case_id).shape)  # it may leave the list before the disk takes this
        self._unsaved.append((case_id, Kind.NOTE, about))
        self.retry()

    def set_author(self, name: str) -> None:
        """Goes with every change and note from now on."""
        self.project.author = name
        for store, _ in self._kept.values():
            store.author = name

    @property
    def waiting(self) -> int:
        """How many changes of labels are in memory only."""
        return sum(kind.changes for _, kind, _ in tuple(self._unsaved))  # a copy: the window asks while the disk thread stores

    def retry(self) -> None:
        """Stores the changes that wait, oldest first, and settings that were refused."""
        while self._unsaved:
            case_id, kind, what = self._unsaved[0]
            store, labels = self._store_one(case_id, kind, what)
            self._unsaved.popleft()  # it is on the disk, also when the disk refuses what follows
            if store.due:
                store.checkpoint(labels)
                self._local.forget(case_id)
        if self.project.unsaved:
            self.project.save()

    def _store_one(self, case_id: str, kind: Kind, what: Edit | dict[str, Any] | None) -> tuple[LabelStore, LabelMap]:
        store, labels = self._store(case_id)
        match what:
            case Edit() if kind.changes:
                self._local.append(store, case_id, kind, what)
                labels.apply(what)
            case Edit():
                store.append(kind, what)
            case dict():
                store.note(what)
            case None:
                store.cancel()
        return store, labels

    def is_open(self, case_id: str) -> bool:
        """Whether this is the case that was opened last: the window holds its labels, and changes them itself."""
        return case_id in self._kept

    def _store(self, case_id: str) -> tuple[LabelStore, LabelMap]:
        """Of the open case; or of the one before it, which a stroke in hand still belonged to."""
        if case_id in self._kept:
            return self._kept[case_id]
        store = self.project.store(case_id)
        shape = self._shapes[case_id] if case_id in self._shapes else self.project.case(case_id).shape
        return store, store.load(shape).labels

    def append_elsewhere(self, case: Case, edit: Edit) -> int:
        """Stores an edit of a case that is not open; returns its sequence."""
        store = self.project.store(case)
        labels = store.load(case.shape).labels
        sequence = self._local.append(store, case.id, Kind.EDIT, edit)
        labels.apply(edit)
        if store.due:
            with contextlib.suppress(ProjectError):  # the edit is on the disk; the next one tries again
                store.checkpoint(labels)
                self._local.forget(case.id)
        return sequence

    def update(self, **fields: Any) -> None:
        """Saves other classes, cases, training settings, post-processing steps or view."""
        self.project.update(**fields)
        self.retry()

    def keep_thumbnail(self, case_id: str, picture: bytes) -> None:
        """Writes a thumbnail into the cache."""
        path = self.thumbnail(case_id)
        folders.make_folder(path.parent, within=self.project.folder)
        durable.write_bytes(path, picture, replace=True)

    def beat(self) -> None:
        """Keeps the lock ours, also while the disk is full."""
        self.project.heartbeat()
        self.retry()

    def drive_notices(self) -> tuple[str, ...]:
        """What to know of a network drive, when a project on it is opened for the first time."""
        notice = self._local.notice()
        return (notice,) if notice else ()

    def space_warning(self) -> str:
        """One sentence when the disk is nearly full, or ""."""
        return self.project.space_warning(next(iter(self._kept), ""))

    def move_to(self, target: Path) -> tuple[Path, ...]:
        """Goes on in a copy of the project that `relocate.copy_files` made at `target`, and stores there what waits.

        Returns the files that could not be read: of the open case their labels come from memory. ProjectError when `target` takes no
        more; then everything is as it was.
        """
        unread = [event.unread for event in relocate.copy_files(self.project.folder, target) if event.unread is not None]
        copy = relocate.open_copy(self.project, target)
        before = (self.project, self._kept, self._unsaved)
        try:
            kept = {case: relocate.move_open_case(copy, case, old[1]) for case, old in self._kept.items()}
            self.project, self._kept, self._unsaved = copy, kept, self._unsaved.copy()
            self.retry()
        except ProjectError:
            self.project, self._kept, self._unsaved = before
            copy.close()
            raise
        self._local = LocalJournal(copy, state=recent.state(), documents=self._documents)
        with contextlib.suppress(ProjectError):
            before[0].close()
        return tuple(unread)

    def close(self) -> None:
        """Gives the lock back. Strokes that the disk refuses to the end are kept in the user's own folder until their case is opened."""
        try:
            self.retry()
        except UserError:
            waiting = [(case, kind, what) for case, kind, what in self._unsaved if kind.changes and isinstance(what, Edit)]
            if waiting:
                self._local.keep_refused(waiting)
            self._unsaved.clear()
        finally:
            self.project.close()


def open_project(folder: Path, documents: Path) -> OpenedProject:
    """The project of a folder; read-only where it is in use or cannot be written, which `notices` say."""
    return _opened(Project.open(folder), documents)


def new_project(folder: Path, classes: ClassTable, documents: Path) -> OpenedProject:
    """A project in a folder that does not exist yet."""
    return _opened(Project.create(folder, classes), documents)


def _opened(project: Project, documents: Path) -> OpenedProject:
    """With what there is to tell of it."""
    writer = ProjectWriter(project, documents)
    return OpenedProject(writer, (*project.notices, *writer.drive_notices()))
