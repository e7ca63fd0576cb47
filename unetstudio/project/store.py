"""The label store: a case's labels on disk, as generations and journals; used by the disk thread only.

`strokes-<n>.journal` follows `labels-<n>.h5`. Every session, and every write after a failed one, begins a new file
(`strokes-<n>-1.journal` ...), whose first record supersedes records of the same sequence in older files.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from unetstudio.data.case import Case
from unetstudio.data.edit import Edit
from unetstudio.data.labels import LabelMap
from unetstudio.data.region import Index
from unetstudio.errors import ProjectError
from unetstudio.project.durable import write_bytes
from unetstudio.project.file_listing import is_folder, list_folder
from unetstudio.project.file_reading import read_bytes
from unetstudio.project.folders import make_folder, move, remove_temporary_files
from unetstudio.project.generations import Generations
from unetstudio.project.journal import Journal
from unetstudio.project.lock import Lock, is_locked
from unetstudio.project.os_errors import LostStrokesError, MissingError
from unetstudio.project.record import UNKNOWN, Draft, JournalEntry, Kind
from unetstudio.project.recovery import JOURNAL, TORN, RecoveredCase, recover
from unetstudio.project.replay import merge_parts

STROKES, BYTES = 500, 32 * 2**20
"""Number of changes, and of journal bytes, after which a new generation is due."""

IN_HAND = "The program ended in the middle of a stroke. All of it but its last second was saved and is there; undo takes it back."


@dataclass(frozen=True, eq=False)
class LoadedLabels:
    """A case's labels as last saved. `history` holds the entries on disk, oldest first, that lead to `sequence` without a gap."""

    labels: LabelMap
    sequence: int
    history: tuple[JournalEntry, ...]
    recovered: str | None  # a message for the user about damage and recovery
    lost: str = ""  # that message, where saved strokes could not be restored


class LabelStore:
    """The labels of a case in `folder`, which is made at the first write. With `lock`, each write confirms the lock first.

    `author` is the typed name that each record states beside the account's, `case` the case's id, and `session` identifies this opening
    of the project, which distinguishes the parts of the current stroke from those that a crash left.
    """

    def __init__(
        self,
        folder: Path,
        *,
        read_only: bool = False,
        lock: Lock | None = None,
        author: str = "",
        case: str = "",
        session: str = "",
    ) -> None:
        self.folder = folder
        self.read_only = read_only
        self.author = author
        self.sequence = 0
        """The number of the last change on disk: an EDIT, UNDO or REDO."""
        self._lock = lock
        self._case = case
        self._session = session or secrets.token_hex(4)
        self._generations = Generations(folder, case)
        self._journal: Journal | None = None
        self._previous = self._change = UNKNOWN  # SHA-256 of the last record, and of the last change
        self._strokes = self._bytes = 0
        self._parts = 0  # of the current stroke
        self._damaged = False  # whether something on disk is damaged; the next generation replaces it

    def load(self, shape: Index) -> LoadedLabels:
        """Load the newest whole generation and every stroke after it; unlabelled voxels if nothing was saved yet.

        The parts of a stroke that was unfinished when the program ended become a stroke: a store opened for writing appends it, a
        read-only one has it only in the labels. Raise ProjectError, naming the file, when labels were saved and none are usable.
        """
        if not self.read_only:
            remove_temporary_files(self.folder, "labels-", "strokes-")
        files = list_folder(self.folder)
        recovered = recover(files, shape, self._case, self._generations.past_journals())
        unreported = replace(recovered, torn=tuple((path, contents) for path, contents in recovered.torn if _torn_copy(path) not in files))
        self.sequence, self._previous = recovered.sequence, recovered.last
        self._change = recovered.history[-1].digest if recovered.history else UNKNOWN
        self._strokes, self._bytes = len(recovered.applied), sum(len(entry.payload) for entry in recovered.applied)
        self._generations.begin(recovered, shape, files)
        self._damaged = bool(recovered.damaged)
        if not self.read_only:
            _set_aside(unreported)
            if recovered.unreachable:
                self._close_gap(recovered)
        history, message = self._finish_stroke(recovered, unreported.message)
        lost = recovered.message or "" if recovered.unreachable else ""
        return LoadedLabels(recovered.labels, self.sequence, history, message, lost)

    def append(self, kind: Kind, edit: Edit | None) -> int:
        """Append one record, as `append_all`, and return the number of the last change."""
        self.append_all([Draft(kind, edit)])
        return self.sequence

    def cancel(self) -> None:
        """Void the parts of the current stroke."""
        self.append_all([Draft(Kind.CANCEL)])

    def note(self, details: dict[str, Any]) -> None:
        """Append an event without voxels to the audit trail, such as {"event": "accepted"}; raise ProjectError if that fails."""
        self.append_all([note(details)])

    def append_all(self, drafts: Sequence[Draft]) -> list[JournalEntry]:
        """Append records with one flush of the disk, and return them when they are there.

        Raise ProjectError if that fails, and none counts as written; it may be tried again. PARTIAL, CANCEL and NOTE have no number.
        """
        self._require_writable()
        if self._journal is None or self._journal.failed:
            self._make_folder()
            self._journal = Journal(self._free_name(), self._previous, case=self._case, follows=self._change)
        before, common = self._journal.size, {"author": self.author} if self.author else {}
        parts = {"session": self._session}
        described = [replace(d, more={**d.more, **common, **(parts if d.kind is Kind.PARTIAL else {})}) for d in drafts]
        try:
            entries = self._journal.append_all(described, self.sequence + 1)
        except ProjectError:
            self._damaged = self._damaged or _was_changed(self._journal)  # old records may be lost; the next generation includes them
            raise
        self._bytes += self._journal.size - before
        for draft, entry in zip(drafts, entries, strict=True):
            self._count(draft, entry)
        return entries

    def _count(self, draft: Draft, entry: JournalEntry) -> None:
        """Count a record that is on the disk."""
        self._previous = entry.digest
        if draft.kind.changes:
            if draft.edit is not None:
                self._generations.changed(draft.edit)
            self.sequence += 1
            self._strokes += 1
            self._change = entry.digest
        if draft.kind is Kind.PARTIAL:
            self._parts += 1
        elif draft.kind is not Kind.NOTE:
            self._parts = 0

    @property
    def last_change(self) -> bytes:
        """SHA-256 of the last change's record, which identifies its successor."""
        return self._change

    @property
    def due(self) -> bool:
        """Whether a new generation should be written: the journal is long enough, or something was damaged.

        It never is while a stroke is unfinished.
        """
        return not self._parts and (self._damaged or self._strokes >= STROKES or self._bytes >= BYTES)

    def checkpoint(self, labels: LabelMap) -> None:
        """Write a new generation and begin a new journal; do nothing when no Edit was appended since the last.

        `labels` must be exactly the result of all appended Edits: copy them while no stroke is unfinished. Closing needs no checkpoint:
        each early generation pushes an old one, and its undo history, out of the last three.
        """
        self._require_writable()
        if self.sequence == self._generations.sequence and not self._damaged:
            return
        self._make_folder()
        path = self._generations.advance()
        self._journal = None
        self._generations.write(path, labels, self.sequence)
        self._damaged = False
        self._strokes = self._bytes = 0
        self._generations.prune()

    def _free_name(self) -> Path:
        """Return the next unused journal name of this generation."""
        number = self._generations.number
        taken = [m for f in list_folder(self.folder) if (m := JOURNAL.match(f.name)) and int(m[1]) == number]
        part = max((int(m[2] or 0) for m in taken), default=-1) + 1
        return self.folder / (f"strokes-{number}-{part}.journal" if part else f"strokes-{number}.journal")

    def _close_gap(self, recovered: RecoveredCase) -> None:
        """Write a new generation with a number beyond those of unreachable strokes, so that these can never follow it."""
        self.sequence, self._previous, self._change, self._damaged = recovered.unreachable + 1, UNKNOWN, UNKNOWN, True
        self.checkpoint(recovered.labels)

    def _finish_stroke(self, recovered: RecoveredCase, message: str | None) -> tuple[tuple[JournalEntry, ...], str | None]:
        """Finish a stroke that a crash interrupted and return history and message; one that is still being painted is left alone."""
        parts = [entry for entry in recovered.parts if entry.description.get("session") != self._session]
        if not parts or (self.read_only and is_locked(self.folder.parent.parent)):
            return recovered.history, message
        edit = merge_parts(recovered.labels, parts)
        history = recovered.history
        if not self.read_only:
            history = (*history, *self.append_all([Draft(Kind.EDIT, edit)]))
        return history, f"{message} {IN_HAND}" if message else IN_HAND

    def _make_folder(self) -> None:
        """Make the folder at the first write; never when the whole project is gone, since strokes alone are useless."""
        project = self.folder.parent.parent
        if not is_folder(project) or ((self._generations.number or self.sequence) and not is_folder(self.folder)):
            raise MissingError(project, "is gone. Was it moved, or a drive unplugged? Put it back, then it is saved.")
        make_folder(self.folder)

    def _require_writable(self) -> None:
        if self.read_only:
            raise ProjectError(self.folder, "was opened for reading only; nothing was saved.")
        if self._lock:
            self._lock.confirm()


def note(details: dict[str, Any]) -> Draft:
    """Make the record of an event without voxels."""
    return Draft(Kind.NOTE, None, {"note": details})


def read_labels(project_folder: Path, case: Case, *, accept_damage: bool = False) -> tuple[LabelMap, int]:
    """Read labels and the sequence of their last Edit, even while another process writes them.

    Raise LostStrokesError when damage has cost saved strokes, unless that is accepted and something is left.
    """
    try:
        loaded = _loaded(project_folder, case)
    except MissingError:
        raise
    except ProjectError as error:
        raise LostStrokesError(case.name, str(error)) from error
    if loaded.lost and not accept_damage:
        reason = f"{loaded.lost} Open it in the window to go on with what is left, or accept the damage with --accept-damage."
        raise LostStrokesError(case.name, reason)
    return loaded.labels, loaded.sequence


def _loaded(project_folder: Path, case: Case) -> LoadedLabels:
    store = LabelStore(project_folder / "cases" / case.id, read_only=True, case=case.id)
    for _ in range(4):
        try:
            return store.load(case.shape)
        except MissingError:  # a generation was dropped between listing and reading
            time.sleep(0.05)
    return store.load(case.shape)


def _set_aside(recovered: RecoveredCase) -> None:
    """Rename damaged and foreign files, and copy the damaged ends of journals."""
    for error in recovered.damaged:
        move(error.path, error.path.with_name(f"{error.path.name}.damaged"))
    for path in recovered.foreign:
        move(path, path.with_name(f"{path.name}.foreign"))
    for path, contents in recovered.torn:
        write_bytes(_torn_copy(path), read_bytes(path)[contents.valid_bytes :])


def _torn_copy(journal: Path) -> Path:
    """Return the path of the copy of a journal's damaged end."""
    return journal.with_name(f"{journal.name}{TORN}")


def _was_changed(journal: Journal) -> bool:
    """Whether a journal's file was changed since the last write."""
    try:
        return journal.path.stat().st_size != journal.size
    except FileNotFoundError:
        return journal.size > 0
    except OSError:
        return False
