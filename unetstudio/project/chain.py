"""The hash chain: the valid records of several journals in order. A later file continues where its first record says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from unetstudio.project.journal import JournalContents
from unetstudio.project.record import UNKNOWN, JournalEntry


@dataclass(frozen=True, eq=False)
class Chain:
    """The valid `entries`, oldest first; `breaks` are the positions of those that do not follow the one before them."""

    entries: Sequence[JournalEntry]
    breaks: frozenset[int]


def chain(journals: Iterable[JournalContents]) -> Chain:
    """Chain journals in the order they were written. Records that a failed write left at the end of one are superseded by the next."""
    entries: list[JournalEntry] = []
    breaks: set[int] = set()
    for contents in journals:
        if not contents.entries:
            continue
        first = contents.entries[0]
        place, joined = _place(entries, first, contents.follows)
        del entries[place:]
        breaks = {at for at in breaks if at < place}
        if not joined and entries:
            breaks.add(place)
        entries.extend(contents.entries)
    return Chain(entries, frozenset(breaks))


def _place(entries: list[JournalEntry], first: JournalEntry, follows: bytes) -> tuple[int, bool]:
    """Return how many of the entries stay valid before a file that begins with `first`, and whether the file itself names the last."""
    before = first.sequence - 1
    if before == 0 and first.previous == UNKNOWN:
        return 0, True  # the very first record, written again after a failure
    place = len(entries)
    while place and entries[place - 1].last_change >= before:
        entry = entries[place - 1]
        if entry.last_change == before and (entry.digest == first.previous or (entry.kind.changes and entry.digest == follows != UNKNOWN)):
            return place, True
        place -= 1
    place = len(entries)
    while place and entries[place - 1].last_change > before:
        place -= 1
    return place, first.previous == UNKNOWN
