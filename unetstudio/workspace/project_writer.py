"""Reading and writing the open project: loading cases, storing changes of labels, and saving project.json."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

from unetstudio.data.case import Case
from unetstudio.data.classes_edit import ClassesEdit
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
from unetstudio.workspace import user_folders
from unetstudio.workspace.thumbnail import thumbnail

Change = tuple[str, Kind, Edit | dict[str, Any] | None]
"""Case id, kind, and content: an Edit, the fields of a note, or None for a cancelled stroke."""


@dataclass(frozen=True, eq=False)
class LoadedCase:
    """A case as read from the disk, with everything needed to paint on it."""

    case: Case
    scan: Scan
    labels: LabelMap
    sequence: int
    history: History[Edit | ClassesEdit]
    prediction: Prediction | None
    recovered: str  # description of what was recovered after a crash, or ""


@dataclass(frozen=True, eq=False)
class ClosedCaseChange:
    """A change to the labels of a case that is not open; without an `edit` nothing was stored."""

    edit: Edit | None
    sequence: int
    labels: LabelMap  # after the change


class ProjectWriter:
    """The disk side of one open project.

    `update` and `add_cases` change the project in memory and may be called from any thread; all other methods belong on the one thread that
    reads and writes it. It holds its own copy of the labels of the open case, so that a new generation of them never shares an array with
    the painting.
    """

    def __init__(self, project: Project, documents: Path) -> None:
        self.project = project
        self._opened_read_only = project.read_only
        self._lock = Lock()  # guards the project in memory, which `move_to` replaces
        self._documents = documents
        self._local = LocalJournal(project, state=user_folders.state(), documents=documents)
        project.hold_reserve()
        self._opened: dict[str, tuple[LabelStore, LabelMap]] = {}
        self._shapes: dict[str, Index] = {}  # of the cases opened or judged so far: the window may paint on one until the next is open
        self._unsaved: deque[Change] = deque()

    # --------------------------------------------------------------------------------------------------- in memory

    def update(self, **fields: Any) -> None:
        """Change classes, cases, training settings, post-processing steps or view; the next `retry` saves them."""
        with self._lock:
            self.project.update(**fields)

    def add_cases(self, cases: Iterable[Case]) -> tuple[Case, ...]:
        """Add cases at the end of the list, each under a unique name, as `Project.add_cases`."""
        with self._lock:
            return self.project.add_cases(cases)

    # ----------------------------------------------------------------------------------------------------- reading

    def open_case(self, case: Case, scan: Scan | None = None) -> LoadedCase:
        """Read a scan (unless it is given), its labels with their undo history, and its last prediction.

        All pending changes are saved first, including the case list: a case that can be painted is listed on the disk. In a project that
        was lost only strokes that wait prevent it.
        """
        if self.project.read_only:
            self._store_waiting()
        else:
            self.retry()
        if scan is None:
            case, scan = self.scan_of(case)
        store = self.project.store(case)
        loaded = store.load(case.shape)
        self._opened = {case.id: (store, loaded.labels)}
        self._shapes[case.id] = case.shape
        restored = self._local.restore(store, case.id, loaded.labels.apply)
        sentences = [loaded.recovered] if loaded.recovered else []
        if restored:
            changes = count_text(len(restored), "change")
            sentences.append(f"{changes} that could not be saved last time: kept in your own folder, and back now.")
        self._remake_thumbnail(case, scan)
        copy = LabelMap(loaded.labels.values.copy(), loaded.labels.origin.copy())
        prediction = self.prediction(case)
        scan = replace(scan, window=automatic_window(scan))  # here rather than during painting: it looks at many voxels
        return LoadedCase(case, scan, copy, store.sequence, history((*loaded.history, *restored)), prediction, " ".join(sentences))

    def _remake_thumbnail(self, case: Case, scan: Scan) -> None:
        """Make a missing thumbnail, as after the cache was deleted; an error is ignored, since other writes will report it."""
        if not self.project.read_only and not self.thumbnail(case.id).exists():
            with contextlib.suppress(UserError):
                self.keep_thumbnail(case.id, thumbnail(scan))

    def scan_of(self, case: Case) -> tuple[Case, Scan]:
        """Read a case's scan from where its source lies now; changes nothing, so any thread may call it."""
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

    def find_moved(self, cases: Sequence[Case], dropped: Sequence[Path]) -> list[Case]:
        """Return those of the cases whose missing images lie among or below the dropped paths, with their new places."""
        moved, known = [], dict[Path, str]()
        for case in cases:
            with contextlib.suppress(UserError):
                if not case.source.path.exists():
                    moved.append(relink(case, self.project.folder, partial(sha256_of, known=known), dropped))
        return moved

    def prediction(self, case: Case) -> Prediction | None:
        """Read a case's last prediction from the disk."""
        return prediction_file.load(self.project.folder_of(case), case.shape)

    def thumbnail(self, case_id: str) -> Path:
        """Return the path of a case's thumbnail, which may not exist yet."""
        return self.project.cache / "thumbnails" / f"{case_id}.png"

    # ----------------------------------------------------------------------------------------------------- writing

    def append(self, case_id: str, kind: Kind, edit: Edit | None) -> None:
        """Store one change durably, after those that could not be stored before; ProjectError leaves it waiting for a retry.

        The parts of a stroke (PARTIAL, and CANCEL, which has no Edit) are kept beside the labels until the stroke ends.
        """
        while kind != Kind.PARTIAL and self._unsaved and self._unsaved[-1][:2] == (case_id, Kind.PARTIAL):
            self._unsaved.pop()  # void now: the finished stroke holds them all, or it was cancelled
        self._unsaved.append((case_id, kind, edit))
        self.retry()

    def note(self, case: Case, details: dict[str, Any]) -> None:
        """Store an event that changes no voxel, such as a review state, for the audit trail. The case may have left the list since."""
        self._shapes.setdefault(case.id, case.shape)
        self._unsaved.append((case.id, Kind.NOTE, details))
        self.retry()

    def set_author(self, name: str) -> None:
        """Set the author recorded with every later change and note."""
        self.project.author = name
        for store, _ in self._opened.values():
            store.author = name

    @property
    def waiting(self) -> int:
        """Number of label changes that are in memory only."""
        return sum(kind.changes for _, kind, _ in tuple(self._unsaved))  # a copy: the window asks while the disk thread stores

    def retry(self) -> None:
        """Store the waiting changes of labels, oldest first, then project.json if it changed, unless it was opened for reading."""
        self._store_waiting()
        if self.project.unsaved and not self._opened_read_only:
            self.project.save()

    def _store_waiting(self) -> None:
        while self._unsaved:
            case_id, kind, content = self._unsaved[0]
            store, labels = self._store_one(case_id, kind, content)
            self._unsaved.popleft()  # it is on the disk, even if the disk refuses what follows
            if store.due:
                store.checkpoint(labels)
                self._local.forget(case_id)

    def _store_one(self, case_id: str, kind: Kind, content: Edit | dict[str, Any] | None) -> tuple[LabelStore, LabelMap]:
        store, labels = self._store(case_id)
        match content:
            case Edit() if kind.changes:
                self._append(store, case_id, kind, content)
                labels.apply(content)
            case Edit():
                store.append(kind, content)
            case dict():
                store.note(content)
            case None:
                store.cancel()
        return store, labels

    def _append(self, store: LabelStore, case_id: str, kind: Kind, edit: Edit) -> int:
        """Append a change to the case's journal, and to its mirror if there is one; return the change's number."""
        after = store.last_change
        sequence = store.append(kind, edit)
        self._local.mirror(case_id, kind, edit, sequence, after)
        return sequence

    def is_open(self, case_id: str) -> bool:
        """Return whether this is the case that was opened last, whose labels the window holds and changes itself."""
        return case_id in self._opened

    def _store(self, case_id: str) -> tuple[LabelStore, LabelMap]:
        """Return the store and the labels of the open case, or of the one before it, to which an unfinished stroke may still belong."""
        if case_id in self._opened:
            return self._opened[case_id]
        store = self.project.store(case_id)
        shape = self._shapes[case_id] if case_id in self._shapes else self.project.case(case_id).shape
        return store, store.load(shape).labels

    def change_closed_case(self, case: Case, make: Callable[[LabelMap], Edit | None]) -> ClosedCaseChange:
        """Store an Edit made from the labels of a case that is not open."""
        store = self.project.store(case)
        labels = store.load(case.shape).labels
        edit = make(labels)
        if edit is None:
            return ClosedCaseChange(None, store.sequence, labels)
        sequence = self._append(store, case.id, Kind.EDIT, edit)
        labels.apply(edit)
        if store.due:
            with contextlib.suppress(ProjectError):  # the edit is on the disk; the next one tries again
                store.checkpoint(labels)
                self._local.forget(case.id)
        return ClosedCaseChange(edit, sequence, labels)

    def keep_thumbnail(self, case_id: str, picture: bytes) -> None:
        """Write a thumbnail into the cache."""
        path = self.thumbnail(case_id)
        folders.make_folder(path.parent, within=self.project.folder)
        durable.write_bytes(path, picture, replace=True)

    def beat(self) -> None:
        """Renew the lock's heartbeat, also while the disk is full."""
        self.project.heartbeat()
        self.retry()

    def drive_notices(self) -> tuple[str, ...]:
        """Return warnings about a network drive when a project on it is opened for the first time."""
        notice = self._local.notice()
        return (notice,) if notice else ()

    def space_warning(self) -> str:
        """Return one sentence when the disk is nearly full, otherwise ""."""
        return self.project.space_warning(next(iter(self._opened), ""))

    def move_to(self, target: Path) -> tuple[Path, ...]:
        """Move to the copy of the project that `relocate.copy_files` made at `target`, and store waiting changes there.

        Returns the files that could not be read; the labels of the open case come from memory. ProjectError when nothing can be written to
        `target`; then everything is as it was.
        """
        unread = [event.unread for event in relocate.copy_files(self.project.folder, target) if event.unread is not None]
        copy = relocate.open_copy(self.project, target)
        old, opened, unsaved = self.project, self._opened, self._unsaved
        try:
            self._opened = {case: relocate.move_open_case(copy, case, labels) for case, (_, labels) in opened.items()}
            self._unsaved = unsaved.copy()
            self._continue_in(copy)
            self.retry()
        except ProjectError:
            self._opened, self._unsaved = opened, unsaved
            self._continue_in(old)
            copy.close()
            raise
        self._local = LocalJournal(copy, state=user_folders.state(), documents=self._documents)
        with contextlib.suppress(ProjectError):
            old.close()
        return tuple(unread)

    def _continue_in(self, project: Project) -> None:
        """Replace the project by another one, keeping the state in memory."""
        with self._lock:
            if project is not self.project:
                project.manifest, self.project = self.project.manifest, project

    def close(self) -> None:
        """Save what waits and release the lock. Strokes that the disk refuses are kept in the user's own folder until their case is
        opened."""
        try:
            self.retry()
        except UserError:
            waiting = [(case, kind, edit) for case, kind, edit in self._unsaved if kind.changes and isinstance(edit, Edit)]
            if waiting:
                self._local.keep_refused(waiting)
            self._unsaved.clear()
        finally:
            self.project.close()
