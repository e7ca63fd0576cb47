"""Reading and writing the open project: loading cases, storing changes of labels, and saving project.json."""

from __future__ import annotations

import contextlib
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
from unetstudio.workspace.waiting_changes import WaitingChange, WaitingChanges


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

    `update` and `add_cases` change the project in memory, `queue` and `queue_note` add to what waits: any thread may call them. All other
    methods belong on the one thread that reads and writes it. It holds its own copy of the labels of the open case, so that a new
    generation of them never shares an array with the painting.
    """

    def __init__(self, project: Project, documents: Path) -> None:
        self.project = project
        self._opened_read_only = project.read_only
        self._lock = Lock()  # guards the project in memory, which `move_to` replaces
        self._documents = documents
        self._local = LocalJournal(project, state=user_folders.state(), places=user_folders.rescue_places(documents))
        project.hold_reserve()
        self._opened: dict[str, tuple[LabelStore, LabelMap]] = {}
        self._shapes: dict[str, Index] = {}  # of the cases opened or judged so far: the window may paint on one until the next is open
        self._waiting = WaitingChanges()

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
        restored = self._local.restore(store, case.id, loaded.history, loaded.labels.apply)
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

    def queue(self, case_id: str, kind: Kind, edit: Edit | None) -> None:
        """Have the next `retry` store a change, together with all that wait.

        The parts of a stroke (PARTIAL, and CANCEL, which has no Edit) are kept beside the labels until the stroke ends.
        """
        self._waiting.add(WaitingChange(case_id, kind, edit))

    def queue_note(self, case: Case, details: dict[str, Any]) -> None:
        """Have the next `retry` store an event that changes no voxel, such as a review state. The case may have left the list since."""
        self._shapes.setdefault(case.id, case.shape)
        self._waiting.add(WaitingChange(case.id, Kind.NOTE, details))

    def append(self, case_id: str, kind: Kind, edit: Edit | None) -> None:
        """Store one change durably, after those that could not be stored before; ProjectError leaves it waiting for a retry."""
        self.queue(case_id, kind, edit)
        self.retry()

    def note(self, case: Case, details: dict[str, Any]) -> None:
        """Store an event, as `queue_note`."""
        self.queue_note(case, details)
        self.retry()

    def set_author(self, name: str) -> None:
        """Set the author recorded with every later change and note."""
        self.project.author = name
        for store, _ in self._opened.values():
            store.author = name

    @property
    def waiting(self) -> int:
        """Number of label changes that are in memory only; any thread may ask."""
        return len(self._waiting.labels)

    def retry(self) -> None:
        """Store the waiting changes of labels, oldest first, then project.json if it changed, unless it was opened for reading."""
        self._store_waiting()
        if self.project.unsaved and not self._opened_read_only:
            self.project.save()

    def _store_waiting(self) -> None:
        """Store what waits with one flush for all changes of a case: while the disk flushes some, others may come to wait."""
        while group := self._waiting.group():
            store, labels = self._store(group[0].case)
            self._append(store, group)
            for change in group:
                if change.kind.changes and isinstance(change.content, Edit):
                    labels.apply(change.content)
            self._waiting.drop(len(group))  # they are on the disk, even if the disk refuses what follows
            if store.due:
                store.checkpoint(labels)
                self._local.forget(group[0].case)
        self._local.rescue.forget()

    def rescue(self, *, elsewhere: bool = False) -> Path:
        """Keep the changes of labels that wait in another place of the user's as well, and return it; any thread may call it.

        With `elsewhere` only another disk will do.

        They come back when their case is opened, unless the project has them by then. ProjectError when no place takes them.
        """
        return self._local.rescue.keep(
            [rescued for change in self._waiting.labels if (rescued := change.rescued) is not None],
            apart_from=self.project.folder if elsewhere else None,
        )

    def _append(self, store: LabelStore, changes: Sequence[WaitingChange]) -> None:
        """Append changes of one case to its journal, and to its mirror if there is one."""
        after = store.last_change
        for change, entry in zip(changes, store.append_all([change.draft for change in changes]), strict=True):
            if change.kind.changes and isinstance(change.content, Edit):
                self._local.mirror(change.case, change.kind, change.content, entry.sequence, after)
                after = entry.digest

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
        self._append(store, [WaitingChange(case.id, Kind.EDIT, edit)])
        sequence = store.sequence
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
        old, opened = self.project, self._opened
        self._waiting.begin_trial()
        try:
            self._opened = {case: relocate.move_open_case(copy, case, labels) for case, (_, labels) in opened.items()}
            self._continue_in(copy)
            self.retry()
        except ProjectError:
            self._waiting.end_trial(kept=False)
            self._opened = opened
            self._continue_in(old)
            copy.close()
            raise
        self._waiting.end_trial(kept=True)
        self._local = LocalJournal(copy, state=user_folders.state(), places=user_folders.rescue_places(self._documents))
        with contextlib.suppress(ProjectError):
            old.close()
        return tuple(unread)

    def _continue_in(self, project: Project) -> None:
        """Replace the project by another one, keeping the state in memory."""
        with self._lock:
            if project is not self.project:
                project.manifest, self.project = self.project.manifest, project

    def close(self) -> None:
        """Save what waits and release the lock. Strokes that the disk refuses are rescued; ProjectError when no place takes them."""
        try:
            self.retry()
        except UserError:
            self.rescue()
            self._waiting.clear()
        finally:
            self.project.close()
