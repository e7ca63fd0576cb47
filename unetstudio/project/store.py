"""Labels of one case on disk: immutable generations and the journals of what was painted since; for the disk thread alone.

`labels-<n>.h5` is never changed once named. `strokes-<n>.journal` follows it; every session and every refused write goes on in a new file
(`strokes-<n>-1.journal` ...), whose first record overrules records of the same sequence in older files. The last three generations and
their journals stay, so that damage to one costs nothing and undo reaches back over restarts.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from pathlib import Path

from unetstudio.data.case import Case
from unetstudio.data.edit import Edit
from unetstudio.data.labels import LabelMap
from unetstudio.data.region import Index
from unetstudio.errors import ProjectError
from unetstudio.project import durable, labels_file
from unetstudio.project.journal import UNKNOWN, Journal, JournalEntry, Kind
from unetstudio.project.lock import Lock
from unetstudio.project.recovery import JOURNAL, LABELS, Found, examine, generation

GENERATIONS = 3
STROKES, BYTES = 500, 32 * 2**20
"""After so many records or bytes a new generation is due."""

_NUMBER = re.compile(r"(?:labels|strokes)-(\d+)\b.*")


@dataclass(frozen=True, eq=False)
class LoadedLabels:
    """A case's labels as last saved. `history` holds the entries on disk, oldest first, that lead without a gap to `sequence`."""

    labels: LabelMap
    sequence: int
    history: tuple[JournalEntry, ...]
    recovered: str | None  # what was damaged and what was done about it, for the user


class LabelStore:
    """`folder` is the case's; it is made at the first write. One writer at a time: with `lock`, each write makes sure of it."""

    def __init__(self, folder: Path, *, read_only: bool = False, lock: Lock | None = None) -> None:
        self.folder = folder
        self.read_only = read_only
        self._lock = lock
        self.sequence = 0
        """Of the last Edit on disk."""
        self._saved = 0  # sequence in the newest generation
        self._generation = 0
        self._journal: Journal | None = None
        self._previous = UNKNOWN
        self._strokes = self._bytes = 0
        self._heal = False

    def load(self, shape: Index) -> LoadedLabels:
        """The newest whole generation and every stroke after it; nothing saved yet gives unlabelled voxels.

        ProjectError, naming the file, when labels were saved and none of them can be trusted.
        """
        if not self.read_only:
            durable.sweep(self.folder)
        files = sorted(self.folder.iterdir()) if self.folder.is_dir() else []
        found = examine(files, shape)
        told = replace(found, torn=tuple((path, contents) for path, contents in found.torn if not _kept(path).exists()))
        self.sequence, self._saved, self._previous = found.sequence, found.base, found.last
        self._strokes, self._bytes = len(found.applied), sum(len(entry.payload) for entry in found.applied)
        self._generation = max((int(m[1]) for file in files if (m := _NUMBER.fullmatch(file.name))), default=0)
        self._heal = bool(found.damaged)
        if not self.read_only:
            self._set_aside(told)
            if found.beyond:
                self._close_gap(found)
        return LoadedLabels(found.labels, self.sequence, found.history, told.sentence)

    def append(self, kind: Kind, edit: Edit) -> int:
        """Adds an Edit and returns its sequence once it is on the disk; ProjectError when it is not: it may then be tried again."""
        self._writable()
        if self._journal is None or self._journal.broken:
            self._make_folder()
            self._journal = Journal(self._free(), self._previous)
        before = self._journal.size
        self._journal.append(kind, edit, self.sequence + 1)
        self.sequence += 1
        self._previous = self._journal.previous
        self._strokes += 1
        self._bytes += self._journal.size - before
        return self.sequence

    @property
    def due(self) -> bool:
        """Whether the journal has grown long enough, or something was damaged, so that a new generation should be written."""
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
        durable.write_bytes(self.folder / f"labels-{self._generation}.h5", labels_file.encode(labels, self.sequence))
        self._saved, self._heal = self.sequence, False
        self._strokes = self._bytes = 0
        self._prune()

    def _free(self) -> Path:
        """A journal name of this generation that no file has, after all that have one."""
        taken = [m for f in self.folder.iterdir() if (m := JOURNAL.match(f.name)) and int(m[1]) == self._generation]
        number = max((int(m[2] or 0) for m in taken), default=-1) + 1
        return self.folder / (f"strokes-{self._generation}-{number}.journal" if number else f"strokes-{self._generation}.journal")

    def _set_aside(self, found: Found) -> None:
        """Keeps what is damaged under another name."""
        for error in found.damaged:
            durable.move(error.path, error.path.with_name(f"{error.path.name}.damaged"))
        for path, contents in found.torn:
            durable.write_bytes(_kept(path), durable.read_bytes(path)[contents.valid_bytes :])

    def _close_gap(self, found: Found) -> None:
        """Strokes behind the damage can never follow again: a new generation starts beyond their numbers."""
        self.sequence, self._previous, self._heal = found.beyond + 1, UNKNOWN, True
        self.checkpoint(found.labels)

    def _prune(self) -> None:
        """Drops generations older than the last three, and the journals before them."""
        files = list(self.folder.iterdir())
        numbers = sorted(generation(f) for f in files if LABELS.fullmatch(f.name))
        if len(numbers) <= GENERATIONS:
            return
        for file in files:
            whole = LABELS.fullmatch(file.name) or JOURNAL.fullmatch(file.name)
            if whole and int(whole[1]) < numbers[-GENERATIONS]:
                durable.remove(file)

    def _make_folder(self) -> None:
        """At the first write; never where the whole project is gone, for strokes without what they continue are of no use."""
        project = self.folder.parent.parent
        if not project.is_dir() or ((self._generation or self.sequence) and not self.folder.is_dir()):
            raise durable.MissingError(project, "is gone. Was it moved, or a drive unplugged? Put it back, then it is saved.")
        durable.make_folder(self.folder)

    def _writable(self) -> None:
        if self.read_only:
            raise ProjectError(self.folder, "was opened for reading only; nothing was saved.")
        if self._lock:
            self._lock.confirm()


def read_labels(project_folder: Path, case: Case) -> tuple[LabelMap, int]:
    """Labels and the sequence of the last Edit in them, also while another process writes them."""
    store = LabelStore(project_folder / "cases" / case.id, read_only=True)
    for _ in range(4):
        try:
            loaded = store.load(case.shape)
        except durable.MissingError:  # a generation was dropped between listing and reading
            time.sleep(0.05)
        else:
            return loaded.labels, loaded.sequence
    loaded = store.load(case.shape)
    return loaded.labels, loaded.sequence


def _kept(journal: Path) -> Path:
    """Where the unreadable end of a journal is kept."""
    return journal.with_name(f"{journal.name}.torn")
