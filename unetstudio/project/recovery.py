"""Recovery of a case from its files: the newest whole generation, the strokes after it, and the files that are damaged.

Nothing on disk is changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from unetstudio.data.labels import LabelMap
from unetstudio.data.quantity import count_text
from unetstudio.data.region import Index
from unetstudio.errors import ProjectError
from unetstudio.project import labels_file
from unetstudio.project.chain import Chain, chain
from unetstudio.project.file_reading import read_bytes
from unetstudio.project.journal import JournalContents, read
from unetstudio.project.os_errors import DamagedError
from unetstudio.project.record import UNKNOWN, JournalEntry, Kind
from unetstudio.project.replay import replay, require_inside

LABELS = re.compile(r"labels-(\d+)\.h5")
TORN = ".torn"
"""Suffix of the copy of a journal's damaged end, whose existence means that the user was informed."""
JOURNAL = re.compile(r"strokes-(\d+)(?:-(\d+))?\.journal")


@dataclass(frozen=True, eq=False)
class RecoveredCase:
    """The state of a case by its files. `torn` are journals whose end is damaged or missing, where that matters."""

    labels: LabelMap
    newest: Path | None  # the generation that `labels` began from
    base: int  # number of the last change in `newest`
    applied: tuple[JournalEntry, ...]  # changes after it
    history: tuple[JournalEntry, ...]  # changes, also older ones, that lead to the last applied without a gap
    last: bytes  # SHA-256 of the last valid record, which the next one states
    parts: tuple[JournalEntry, ...]  # of a stroke that was unfinished at the end; not in `labels`
    damaged: tuple[DamagedError, ...]  # generations that are not what was written
    torn: tuple[tuple[Path, JournalContents], ...]
    short: frozenset[Path]  # journals among these whose last changes are missing, as later files show
    foreign: tuple[Path, ...]  # journals of another case, or of another name
    unreachable: int  # highest number of a saved change that cannot be recovered; 0 if all can

    @property
    def sequence(self) -> int:
        """The number of the last change in the labels."""
        return self.base + len(self.applied)

    @property
    def message(self) -> str | None:
        """The message for the user, or None."""
        sentences = [self._damage]
        if self.foreign:
            sentences.append(
                f"{_names(self.foreign)}: is a copy of another file or belongs to another image, and was not used; it is kept."
            )
        return " ".join(text for text in sentences if text) or None

    @property
    def _damage(self) -> str:
        names = _names([*(error.path for error in self.damaged), *(path for path, _ in self.torn)])
        if self.unreachable:
            lost = count_text(self.unreachable - self.sequence, "stroke") if self.unreachable > self.sequence else "Strokes"
            return f"{names or 'The journal'}: damaged. {lost} made after the damage could not be restored; the damaged file is kept."
        if self.damaged:
            return f"{names}: damaged. The labels were restored from an older state and the strokes made since; the file is kept."
        if any(contents.unreachable or path in self.short for path, contents in self.torn):
            return f"{names}: damaged. The labels are whole; strokes from before the damage can no longer be undone. The file is kept."
        if self.torn:
            return f"{names}: its end is not whole, as after a power cut. All strokes before that were restored; check the last one."
        return ""


def recover(files: Sequence[Path], shape: Index, case: str = "", past: Sequence[Path] = ()) -> RecoveredCase:
    """Recover the state of a case of `shape` (Z, Y, X) from its folder's files; raise ProjectError when saved labels are unusable.

    Files that state another name than their own, or another case than `case`, are left out. Journals of the `past` are read when no
    generation is whole, or only one that old.
    """
    newest, labels, base, damaged = _newest(files, shape, case)
    numbers = [int(m[1]) for file in past if (m := JOURNAL.fullmatch(file.name))]
    needed = newest is None or generation(newest) <= max(numbers, default=-1)
    everything = _journals([*past, *files] if needed else files)
    journals = [(path, contents) for path, contents in everything if _belongs(path, contents, case)]
    foreign = tuple(path for path, contents in everything if not _belongs(path, contents, case))
    links = chain(contents for _, contents in journals)
    require_inside(links.entries, shape)
    run = tuple(_following(links, base))
    applied = tuple(entry for entry in run if entry.kind.changes)
    last = base + len(applied)
    highest = max((*(entry.last_change for entry in links.entries), *(contents.unreachable for _, contents in journals)), default=0)
    unreachable = highest if highest > last else 0
    torn = [(path, contents) for path, contents in journals if contents.torn]
    torn = [(path, contents) for path, contents in torn if unreachable or contents.unreachable or path == journals[-1][0]]
    short = _short(links, base, files)
    torn += [(path, contents) for path, contents in journals if path in short and path not in {listed for listed, _ in torn}]
    if damaged and torn and not unreachable:
        unreachable = last  # the content of both is unknown
    if labels is None and not applied:
        if damaged:
            raise damaged[0]
        if links.entries and links.entries[-1].last_change:
            raise ProjectError(journals[0][0], "the saved labels it continues are missing; copy the project's folder again, whole.")
        if unreachable:
            raise ProjectError(
                torn[0][0], "is damaged from its first stroke on; put a copy back, or remove the case and add its image again."
            )
    whole = replay(LabelMap.unlabelled(shape) if labels is None else labels, applied)
    history = tuple(_leading(links, last))
    tail = run[-1:] or history[-1:]
    return RecoveredCase(
        whole,
        newest,
        base,
        applied,
        history,
        tail[0].digest if tail else UNKNOWN,
        tuple(_unfinished(run)),
        tuple(damaged),
        tuple(torn),
        frozenset(short),
        foreign,
        unreachable,
    )


def generation(path: Path) -> int:
    """Return the number of a labels file."""
    return int(path.stem.split("-")[1])


def _newest(files: Iterable[Path], shape: Index, case: str) -> tuple[Path | None, LabelMap | None, int, list[DamagedError]]:
    """Return the newest whole generation, its labels and sequence, and the errors of newer ones."""
    damaged: list[DamagedError] = []
    for path in sorted((f for f in files if LABELS.fullmatch(f.name)), key=generation, reverse=True):
        try:
            labels, sequence = labels_file.decode(read_bytes(path), shape, path, case)
        except DamagedError as error:
            damaged.append(error)
        else:
            return path, labels, sequence, damaged
    return None, None, 0, damaged


def _journals(files: Iterable[Path]) -> list[tuple[Path, JournalContents]]:
    """Read all journals, in the order they were written."""
    numbered = [(int(m[1]), int(m[2] or 0), file) for file in files if (m := JOURNAL.fullmatch(file.name))]
    return [(file, read(file)) for _, _, file in sorted(numbered)]


def _belongs(path: Path, contents: JournalContents, case: str) -> bool:
    """Whether a journal states its own file name and this case, or neither."""
    return contents.name in ("", path.name) and (not case or contents.case in ("", case))


def _following(links: Chain, base: int) -> Iterator[JournalEntry]:
    """Yield the records after change number `base`, up to the first gap."""
    last = base
    for place, entry in enumerate(links.entries):
        if entry.sequence <= base:
            continue
        severed = place in links.breaks and links.entries[place - 1].last_change == last
        if entry.sequence != last + 1 or severed:
            return
        yield entry
        last = entry.last_change


def _leading(links: Chain, last: int) -> list[JournalEntry]:
    """Return the changes that lead to number `last` without a gap, oldest first."""
    leading: list[JournalEntry] = []
    for place in range(len(links.entries) - 1, -1, -1):
        entry = links.entries[place]
        if entry.kind.changes and entry.sequence <= last:
            if entry.sequence != last - len(leading):
                break
            leading.append(entry)
        if leading and place in links.breaks:
            break
    return leading[::-1]


def _unfinished(run: Sequence[JournalEntry]) -> list[JournalEntry]:
    """Return the parts of an unfinished stroke."""
    parts: list[JournalEntry] = []
    for entry in reversed(run):
        if entry.kind is Kind.PARTIAL:
            parts.append(entry)
        elif entry.kind is not Kind.NOTE:
            break
    return parts[::-1]


def _short(links: Chain, base: int, files: Iterable[Path]) -> set[Path]:
    """Return journals whose last changes are missing: a later file or the labels continue from a later change."""
    short = {links.entries[place - 1].path for place in links.breaks}
    if links.entries and links.entries[-1].last_change < base and not any(TORN in file.name for file in files):
        short.add(links.entries[-1].path)
    return short


def _names(paths: Iterable[Path]) -> str:
    return ", ".join(path.name for path in paths)
