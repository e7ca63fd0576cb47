"""From the files of a case to its labels: the newest whole generation, the strokes that follow it, and what is wrong with any file.

Reads and judges; changes nothing on disk.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from unetstudio.data.labels import LabelMap
from unetstudio.data.region import Index
from unetstudio.errors import ProjectError
from unetstudio.project import durable, labels_file
from unetstudio.project.durable import DamagedError
from unetstudio.project.journal import UNKNOWN, JournalContents, JournalEntry, read
from unetstudio.project.replay import replay

LABELS = re.compile(r"labels-(\d+)\.h5")
JOURNAL = re.compile(r"strokes-(\d+)(?:-(\d+))?\.journal")


@dataclass(frozen=True, eq=False)
class Found:
    """What the files of a case hold. `torn` are journals with an end that is no whole record, where that matters."""

    labels: LabelMap
    base: int  # sequence in the generation that `labels` began from
    applied: tuple[JournalEntry, ...]  # entries after it
    history: tuple[JournalEntry, ...]  # entries, also older ones, that lead to the last applied without a gap
    damaged: tuple[DamagedError, ...]  # generations that are not what was written
    torn: tuple[tuple[Path, JournalContents], ...]
    beyond: int  # highest sequence that was once saved and cannot be reached; 0 when all can

    @property
    def sequence(self) -> int:
        """Of the last Edit in the labels."""
        return self.base + len(self.applied)

    @property
    def last(self) -> bytes:
        """SHA-256 of the last record, which the next one names."""
        return self.history[-1].digest if self.history else UNKNOWN

    @property
    def sentence(self) -> str | None:
        """What the user should know, or None."""
        names = ", ".join(path.name for path in (*(error.path for error in self.damaged), *(path for path, _ in self.torn)))
        if self.beyond:
            return f"{names or 'The journal'}: damaged. Strokes made after the damage could not be restored; the damaged file is kept."
        if self.damaged:
            return f"{names}: damaged. The labels were restored from an older state and the strokes made since; the file is kept."
        if any(contents.beyond for _, contents in self.torn):
            return f"{names}: damaged. The labels are whole; strokes from before the damage can no longer be undone. The file is kept."
        if self.torn:
            return f"{names}: its last record is not whole, as after a power cut. Every stroke shown as saved before it was restored."
        return None


def examine(files: Sequence[Path], shape: Index) -> Found:
    """The state of a case of `shape` (Z, Y, X) from its folder's files; ProjectError when labels were saved and none can be trusted."""
    labels, base, damaged = _newest(files, shape)
    journals = _journals(files)
    entries = _merged(contents for _, contents in journals)
    applied = tuple(_following(entries, base))
    last = base + len(applied)
    highest = max((*entries, *(contents.beyond for _, contents in journals)), default=0)
    beyond = highest if highest > last else 0
    torn = [(path, contents) for path, contents in journals if contents.torn]
    torn = [(path, contents) for path, contents in torn if beyond or contents.beyond or path == journals[-1][0]]
    if damaged and torn and not beyond:
        beyond = last  # nobody knows what was in both
    if labels is None and not applied:
        if damaged:
            raise damaged[0]
        if entries:
            raise ProjectError(journals[0][0], "the saved labels it continues are missing; copy the project's folder again, whole.")
        if beyond:
            raise ProjectError(
                torn[0][0], "is damaged from its first stroke on; put a copy back, or remove the case and add its image again."
            )
    whole = replay(LabelMap.unlabelled(shape) if labels is None else labels, applied)
    return Found(whole, base, applied, tuple(_leading(entries, last)), tuple(damaged), tuple(torn), beyond)


def generation(path: Path) -> int:
    """The number of a labels file."""
    return int(path.stem.split("-")[1])


def _newest(files: Iterable[Path], shape: Index) -> tuple[LabelMap | None, int, list[DamagedError]]:
    """The newest generation that is whole, its sequence, and what is wrong with newer ones."""
    damaged: list[DamagedError] = []
    for path in sorted((f for f in files if LABELS.fullmatch(f.name)), key=generation, reverse=True):
        try:
            labels, sequence = labels_file.decode(durable.read_bytes(path), shape, path)
        except DamagedError as error:
            damaged.append(error)
        else:
            return labels, sequence, damaged
    return None, 0, damaged


def _journals(files: Iterable[Path]) -> list[tuple[Path, JournalContents]]:
    """All journals with what they hold, in the order they were written."""
    found = [(int(m[1]), int(m[2] or 0), file) for file in files if (m := JOURNAL.fullmatch(file.name))]
    return [(file, read(file)) for _, _, file in sorted(found)]


def _merged(journals: Iterable[JournalContents]) -> dict[int, JournalEntry]:
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
