"""Labels of one case on disk: immutable generations and the journals of what was painted since; for the disk thread alone.

`labels-<n>.h5` is never changed once named. `strokes-<n>.journal` follows it; every session and every refused write goes on in a new file
(`strokes-<n>-1.journal` ...), whose first record overrules records of the same sequence in older files. The last three generations and
their journals stay, so that damage to one costs nothing and undo reaches back over restarts; and the last of each day of the past week.
Older journals move to `past/`: they are the audit trail, and are read on opening only when none of the three generations is whole.
"""

from __future__ import annotations

import re
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
from unetstudio.project import durable, file_listing, folders, labels_file
from unetstudio.project.file_reading import read_bytes
from unetstudio.project.journal import UNKNOWN, Journal, JournalEntry, Kind
from unetstudio.project.lock import Lock, alive
from unetstudio.project.os_errors import MissingError
from unetstudio.project.recovery import JOURNAL, LABELS, TORN, Found, examine, generation
from unetstudio.project.replay import in_hand

GENERATIONS = 3
DAYS, DAY = 7, 86_400.0
STROKES, BYTES = 500, 32 * 2**20
"""After so many records or bytes a new generation is due."""

PAST = "past"
IN_HAND = "The program ended in the middle of a stroke. All of it but its last second was saved and is there; undo takes it back."

_NUMBER = re.compile(r"(?:labels|strokes)-(\d+)\b.*")


@dataclass(frozen=True, eq=False)
class LoadedLabels:
    """A case's labels as last saved. `history` holds the entries on disk, oldest first, that lead without a gap to `sequence`."""

    labels: LabelMap
    sequence: int
    history: tuple[JournalEntry, ...]
    recovered: str | None  # what was damaged and what was done about it, for the user


class LabelStore:
    """`folder` is the case's; it is made at the first write. One writer at a time: with `lock`, each write makes sure of it.

    `author` is the typed name that each record carries beside the account's, `case` the id that ties journals to this case, `session` the
    mark of this opening of the project, by which the parts of a stroke in hand are told from those a crash left.
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
        """Of the last change on disk: an EDIT, UNDO or REDO."""
        self._lock = lock
        self._case = case
        self._session = session or secrets.token_hex(4)
        self._saved = 0  # sequence in the newest generation
        self._generation = 0
        self._journal: Journal | None = None
        self._previous = self._change = UNKNOWN  # SHA-256 of the last record, and of the last change
        self._strokes = self._bytes = 0
        self._parts = 0  # of the stroke in hand
        self._newest: Path | None = None  # the generation from which unchanged blocks are taken
        self._shape: Index | None = None
        self._blocks: set[Index] = set()  # that changed since
        self._applied: Sequence[JournalEntry] = ()  # changes since that are not in `_blocks` yet
        self._heal = False

    def load(self, shape: Index) -> LoadedLabels:
        """The newest whole generation and every stroke after it; nothing saved yet gives unlabelled voxels.

        Parts of a stroke that was in hand when the program ended become a stroke: a store opened for writing appends it, one for reading
        has it in the labels alone. ProjectError, naming the file, when labels were saved and none of them can be trusted.
        """
        if not self.read_only:
            folders.remove_temporary_files(self.folder, "labels-", "strokes-")
        files = file_listing.list_folder(self.folder)
        found = examine(files, shape, self._case, self._past())
        told = replace(found, torn=tuple((path, contents) for path, contents in found.torn if _kept(path) not in files))
        self.sequence, self._saved, self._previous = found.sequence, found.base, found.last
        self._change = found.history[-1].digest if found.history else UNKNOWN
        self._strokes, self._bytes = len(found.applied), sum(len(entry.payload) for entry in found.applied)
        self._generation = max((int(m[1]) for file in files if (m := _NUMBER.fullmatch(file.name))), default=0)
        self._newest, self._shape, self._blocks, self._applied = found.newest, shape, set(), found.applied
        self._heal = bool(found.damaged)
        if not self.read_only:
            self._set_aside(told)
            if found.beyond:
                self._close_gap(found)
        history, sentence = self._finish(found, told.sentence)
        return LoadedLabels(found.labels, self.sequence, history, sentence)

    def append(self, kind: Kind, edit: Edit | None) -> int:
        """Adds a record and returns the number of the last change once it is on the disk.

        ProjectError when it is not: it may then be tried again. PARTIAL and CANCEL (no Edit needed) do not count.
        """
        self._append(kind, edit, {"session": self._session} if kind is Kind.PARTIAL else {})
        return self.sequence

    def cancel(self) -> None:
        """The stroke in hand was taken back: its parts are void."""
        self._append(Kind.CANCEL, None, {})

    def note(self, about: dict[str, Any]) -> None:
        """Adds an event without voxels to the audit trail, such as {"event": "accepted"}; ProjectError when it is not on the disk."""
        self._append(Kind.NOTE, None, {"note": about})

    def _append(self, kind: Kind, edit: Edit | None, more: dict[str, Any]) -> JournalEntry:
        self._writable()
        if self._journal is None or self._journal.broken:
            self._make_folder()
            self._journal = Journal(self._free(), self._previous, case=self._case, follows=self._change)
        before = self._journal.size
        try:
            entry = self._journal.append(kind, edit, self.sequence + 1, more | ({"author": self.author} if self.author else {}))
        except ProjectError:
            self._heal = self._heal or _changed(self._journal)  # what stood there may be gone: the next generation holds it
            raise
        self._previous = self._journal.previous
        self._bytes += self._journal.size - before
        if kind.changes:
            if edit is not None and self._shape is not None:
                self._blocks |= labels_file.touched(edit, self._shape)
            self.sequence += 1
            self._strokes += 1
            self._change = self._previous
        if kind is Kind.PARTIAL:
            self._parts += 1
        elif kind is not Kind.NOTE:
            self._parts = 0
        return entry

    @property
    def last_change(self) -> bytes:
        """SHA-256 of the last change's record, by which the next one is known to follow on it."""
        return self._change

    @property
    def due(self) -> bool:
        """Whether the journal has grown long enough, or something was damaged, so that a new generation should be written.

        Never while a stroke is in hand.
        """
        return not self._parts and self._grown

    @property
    def _grown(self) -> bool:
        return self._heal or self._strokes >= STROKES or self._bytes >= BYTES

    def checkpoint(self, labels: LabelMap) -> None:
        """A new generation, then a new journal; nothing when no Edit was appended since the last.

        `labels` must be what all appended Edits lead to and nothing else: take its copy while no stroke is in hand. Not needed on
        closing: each generation written early pushes an old one, and with it undo, out of the last three.
        """
        self._writable()
        if self.sequence == self._saved and not self._heal:
            return
        self._make_folder()
        self._generation += 1  # also when the disk refuses: the file may have got its name before that
        self._journal = None
        path = self.folder / f"labels-{self._generation}.h5"
        durable.write_bytes(path, labels_file.encode(labels, self.sequence, self._since(labels.shape), self._case, path.name))
        self._newest, self._shape, self._blocks, self._applied = path, labels.shape, set(), ()
        self._saved, self._heal = self.sequence, False
        self._strokes = self._bytes = 0
        self._prune()

    def _since(self, shape: Index) -> labels_file.Since | None:
        """The newest generation and the blocks that changed since, where it can be read."""
        if self._newest is None or self._shape != shape:
            return None
        for entry in self._applied:
            self._blocks |= labels_file.touched(entry.edit, shape)
        self._applied = ()
        try:
            return labels_file.Since(read_bytes(self._newest), self._saved, self._blocks)
        except ProjectError:
            return None

    def _free(self) -> Path:
        """A journal name of this generation that no file has, after all that have one."""
        taken = [m for f in file_listing.list_folder(self.folder) if (m := JOURNAL.match(f.name)) and int(m[1]) == self._generation]
        number = max((int(m[2] or 0) for m in taken), default=-1) + 1
        return self.folder / (f"strokes-{self._generation}-{number}.journal" if number else f"strokes-{self._generation}.journal")

    def _set_aside(self, found: Found) -> None:
        """Keeps what is damaged under another name."""
        for error in found.damaged:
            folders.move(error.path, error.path.with_name(f"{error.path.name}.damaged"))
        for path in found.foreign:
            folders.move(path, path.with_name(f"{path.name}.foreign"))
        for path, contents in found.torn:
            durable.write_bytes(_kept(path), read_bytes(path)[contents.valid_bytes :])

    def _close_gap(self, found: Found) -> None:
        """Strokes behind the damage can never follow again: a new generation starts beyond their numbers."""
        self.sequence, self._previous, self._change, self._heal = found.beyond + 1, UNKNOWN, UNKNOWN, True
        self.checkpoint(found.labels)

    def _past(self) -> list[Path]:
        """Journals put aside, for when no generation that has its journals beside it is whole."""
        return file_listing.list_folder(self.folder / PAST)

    def _finish(self, found: Found, sentence: str | None) -> tuple[tuple[JournalEntry, ...], str | None]:
        """The history, and what to tell, with a stroke that a crash interrupted; one that is still being painted is left alone."""
        parts = [entry for entry in found.parts if entry.about.get("session") != self._session]
        if not parts or (self.read_only and alive(self.folder.parent.parent)):
            return found.history, sentence
        edit = in_hand(found.labels, parts)
        history = found.history
        if not self.read_only:
            history = (*history, self._append(Kind.EDIT, edit, {}))
        return history, f"{sentence} {IN_HAND}" if sentence else IN_HAND

    def _prune(self) -> None:
        """Drops generations older than the last three but for the last of each day; the journals before the three are the past."""
        files = file_listing.list_folder(self.folder)
        kept = sorted((f for f in files if LABELS.fullmatch(f.name)), key=generation)
        if len(kept) <= GENERATIONS:
            return
        numbers = [generation(file) for file in kept]
        daily = _last_of_each_day(kept)
        for file in sorted(files, key=_age):  # the oldest first: journals that a kill leaves behind follow on each other
            if LABELS.fullmatch(file.name) and generation(file) < numbers[-GENERATIONS]:
                if file not in daily:
                    folders.remove(file)
            elif (journal := JOURNAL.fullmatch(file.name)) and int(journal[1]) < numbers[-GENERATIONS]:
                self._put_aside(file)

    def _put_aside(self, journal: Path) -> None:
        """Into the past, by copying: of a file moved between two folders a power cut may leave neither name, or both."""
        folders.make_folder(self.folder / PAST)
        target = self.folder / PAST / journal.name
        if not file_listing.exists(target):
            durable.write_bytes(target, read_bytes(journal))
        if read_bytes(target) == read_bytes(journal):
            folders.remove(journal, for_good=True)  # before the next: the oldest alone would leave a gap behind it

    def _make_folder(self) -> None:
        """At the first write; never where the whole project is gone, for strokes without what they continue are of no use."""
        project = self.folder.parent.parent
        if not file_listing.is_folder(project) or ((self._generation or self.sequence) and not file_listing.is_folder(self.folder)):
            raise MissingError(project, "is gone. Was it moved, or a drive unplugged? Put it back, then it is saved.")
        folders.make_folder(self.folder)

    def _writable(self) -> None:
        if self.read_only:
            raise ProjectError(self.folder, "was opened for reading only; nothing was saved.")
        if self._lock:
            self._lock.confirm()


def read_labels(project_folder: Path, case: Case) -> tuple[LabelMap, int]:
    """Labels and the sequence of the last Edit in them, also while another process writes them."""
    store = LabelStore(project_folder / "cases" / case.id, read_only=True, case=case.id)
    for _ in range(4):
        try:
            loaded = store.load(case.shape)
        except MissingError:  # a generation was dropped between listing and reading
            time.sleep(0.05)
        else:
            return loaded.labels, loaded.sequence
    loaded = store.load(case.shape)
    return loaded.labels, loaded.sequence


def _age(file: Path) -> tuple[int, ...]:
    """Numbers in a file's name, by which it sorts."""
    return tuple(int(number) for number in re.findall(r"\d+", file.stem))


def _changed(journal: Journal) -> bool:
    """Whether its file is not as it was left."""
    try:
        return journal.path.stat().st_size != journal.size
    except FileNotFoundError:
        return journal.size > 0
    except OSError:
        return False


def _last_of_each_day(generations: Sequence[Path]) -> set[Path]:
    """Of generations, oldest first, the last of each day of the past week, by the days of Greenwich and the clock of the disk."""
    last: dict[int, Path] = {}
    for file in generations:
        if (written := file_listing.modified_at(file)) is not None:
            last[int(written // DAY)] = file
    today = max(last, default=0)
    return {file for day, file in last.items() if day >= today - DAYS}


def _kept(journal: Path) -> Path:
    """Where the unreadable end of a journal is kept."""
    return journal.with_name(f"{journal.name}{TORN}")
