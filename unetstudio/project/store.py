"""Labels of one case on disk: immutable generations and the journals of what was painted since; for the disk thread alone.

`labels-<n>.h5` is never changed once named. `strokes-<n>.journal` follows it; every session and every refused write goes on in a new file
(`strokes-<n>-1.journal` ...), whose first record overrules records of the same sequence in older files. The last three generations and
their journals stay, so that damage to one costs nothing and undo reaches back over restarts.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from unetstudio.data.case import Case
from unetstudio.data.edit import Edit
from unetstudio.data.labels import LabelMap
from unetstudio.data.region import Index
from unetstudio.errors import ProjectError
from unetstudio.project import durable, labels_file
from unetstudio.project.durable import DamagedError
from unetstudio.project.journal import UNKNOWN, Journal, JournalContents, JournalEntry, Kind, read
from unetstudio.project.lock import Lock
from unetstudio.project.replay import replay

GENERATIONS = 3
STROKES, BYTES = 500, 32 * 2**20
"""After so many records or bytes a new generation is due."""

_LABELS = re.compile(r"labels-(\d+)\.h5")
_JOURNAL = re.compile(r"strokes-(\d+)(?:-(\d+))?\.journal")
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
        labels, base, damaged = self._newest(files, shape)
        journals = _journals(files)
        entries = _merged(contents for _, contents in journals)
        applied = list(_following(entries, base))
        self.sequence = base + len(applied)
        lost = max((contents.beyond for _, contents in journals), default=0)
        gap = max(lost, *entries, 0) > self.sequence if entries else lost > base
        if labels is None:
            if damaged and not applied:
                raise damaged[0]
            if gap and not applied:
                raise _incomplete(journals, files)
            labels = LabelMap.unlabelled(shape)
        labels = replay(labels, applied)
        torn = [path for path, contents in journals if contents.torn and (gap or contents.beyond or path == journals[-1][0])]
        gap = gap or bool(damaged and torn)
        torn = [path for path in torn if not _kept(path).exists()]
        recovered = _sentence([error.path for error in damaged], torn, gap) if damaged or torn or gap else None
        self._saved, self._heal = base, bool(damaged)
        self._generation = max((int(m[1]) for file in files if (m := _NUMBER.fullmatch(file.name))), default=0)
        self._previous = entries[self.sequence].digest if self.sequence in entries else UNKNOWN
        self._strokes = len(applied)
        self._bytes = sum(len(entry.payload) for entry in applied)
        history = tuple(_leading(entries, self.sequence))
        if not self.read_only:
            self._set_aside(damaged, [(path, contents) for path, contents in journals if path in torn])
            if gap:
                self._close_gap(labels, max(lost, self.sequence, *entries))
        return LoadedLabels(labels, self.sequence, history, recovered)

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

    def _newest(self, files: list[Path], shape: Index) -> tuple[LabelMap | None, int, list[DamagedError]]:
        """The newest generation that is whole, its sequence, and what is wrong with newer ones."""
        damaged: list[DamagedError] = []
        for path in sorted((f for f in files if _LABELS.fullmatch(f.name)), key=_generation, reverse=True):
            try:
                labels, sequence = labels_file.decode(durable.read_bytes(path), shape, path)
            except DamagedError as error:
                damaged.append(error)
            else:
                return labels, sequence, damaged
        return None, 0, damaged

    def _free(self) -> Path:
        """A journal name of this generation that no file has, after all that have one."""
        taken = [m for f in self.folder.iterdir() if (m := _JOURNAL.match(f.name)) and int(m[1]) == self._generation]
        number = max((int(m[2] or 0) for m in taken), default=-1) + 1
        return self.folder / (f"strokes-{self._generation}-{number}.journal" if number else f"strokes-{self._generation}.journal")

    def _set_aside(self, damaged: list[DamagedError], torn: list[tuple[Path, JournalContents]]) -> None:
        """Keeps what is damaged under another name; what cannot be renamed now stays and is reported again."""
        for error in damaged:
            durable.move(error.path, error.path.with_name(f"{error.path.name}.damaged"))
        for path, contents in torn:
            durable.write_bytes(_kept(path), durable.read_bytes(path)[contents.valid_bytes :])

    def _close_gap(self, labels: LabelMap, highest: int) -> None:
        """Strokes behind the damage can never follow again: a new generation starts beyond their numbers."""
        self.sequence, self._previous, self._heal = highest + 1, UNKNOWN, True
        self.checkpoint(labels)

    def _prune(self) -> None:
        """Drops generations older than the last three, and the journals before them."""
        files = list(self.folder.iterdir())
        numbers = sorted(_generation(f) for f in files if _LABELS.fullmatch(f.name))
        if len(numbers) <= GENERATIONS:
            return
        for file in files:
            whole = _LABELS.fullmatch(file.name) or _JOURNAL.fullmatch(file.name)
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


def _generation(path: Path) -> int:
    return int(path.stem.split("-")[1])


def _kept(journal: Path) -> Path:
    """Where the unreadable end of a journal is kept."""
    return journal.with_name(f"{journal.name}.torn")


def _journals(files: list[Path]) -> list[tuple[Path, JournalContents]]:
    """All journals with what they hold, in the order they were written."""
    found = [(int(m[1]), int(m[2] or 0), file) for file in files if (m := _JOURNAL.fullmatch(file.name))]
    return [(file, read(file)) for _, _, file in sorted(found)]


def _merged(journals: Iterator[JournalContents]) -> dict[int, JournalEntry]:
    """Entries by sequence; a later file overrules an earlier one from its first sequence on."""
    merged: dict[int, JournalEntry] = {}
    for contents in journals:
        if contents.entries:
            first = contents.entries[0].sequence
            merged = {sequence: entry for sequence, entry in merged.items() if sequence < first}
        merged.update((entry.sequence, entry) for entry in contents.entries)
    return merged


def _linked(entries: dict[int, JournalEntry], sequence: int) -> bool:
    """Whether an entry follows the one before it, as far as that one is there."""
    before = entries.get(sequence - 1)
    return before is None or entries[sequence].previous in (before.digest, UNKNOWN)


def _following(entries: dict[int, JournalEntry], base: int) -> Iterator[JournalEntry]:
    """Entries after `base`, up to the first that is missing."""
    sequence = base + 1
    while sequence in entries and _linked(entries, sequence):
        yield entries[sequence]
        sequence += 1


def _leading(entries: dict[int, JournalEntry], last: int) -> list[JournalEntry]:
    """Entries that lead to `last` without a gap, oldest first."""
    first = last + 1
    while first - 1 in entries and (first > last or _linked(entries, first)):
        first -= 1
    return [entries[sequence] for sequence in range(first, last + 1)]


def _incomplete(journals: list[tuple[Path, JournalContents]], files: list[Path]) -> ProjectError:
    path = journals[0][0] if journals else files[0]
    return ProjectError(path, "the saved labels it continues are missing; copy the project's folder again, whole. Nothing was changed.")


def _sentence(damaged: list[Path], torn: list[Path], gap: bool) -> str:
    """What the user should know."""
    names = ", ".join(path.name for path in (*damaged, *torn))
    if gap:
        return f"{names or 'The journal'}: damaged. Strokes made after the damage could not be restored; the damaged file is kept."
    if damaged:
        return f"{names}: damaged. The labels were restored from an older state and the strokes made since; the damaged file is kept."
    return f"{names}: its last record is not whole, as after a power cut. Every stroke shown as saved before it was restored."
