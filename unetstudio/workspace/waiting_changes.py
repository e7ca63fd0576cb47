"""The changes of labels, and notes for the audit trail, that are not on the disk yet."""

from __future__ import annotations

import itertools
import secrets
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from unetstudio.data.edit import Edit
from unetstudio.project.record import ID, Draft, Kind
from unetstudio.project.rescue import Rescued

MOST_AT_ONCE = 500
"""Largest number of changes that are written and flushed together."""


@dataclass(frozen=True, eq=False, slots=True)
class WaitingChange:
    """One change of a case: an Edit, the fields of a note, or None for a cancelled stroke."""

    case: str
    kind: Kind
    content: Edit | dict[str, Any] | None
    id: str = field(default_factory=lambda: secrets.token_hex(6))

    @property
    def draft(self) -> Draft:
        """The record to be written."""
        if isinstance(self.content, dict):
            return Draft(self.kind, None, {"note": self.content})
        return Draft(self.kind, self.content, {ID: self.id} if self.kind.changes else {})

    @property
    def rescued(self) -> Rescued | None:
        """The change as it is kept in another place; None for a note and for part of a stroke."""
        return Rescued(self.case, self.kind, self.content, self.id) if self.kind.changes and isinstance(self.content, Edit) else None


class WaitingChanges:
    """A queue, oldest first. Any thread may add to it; all other methods belong on the thread that writes."""

    def __init__(self) -> None:
        self._added: deque[WaitingChange] = deque()
        self._queue: deque[WaitingChange] = deque()
        self._tried: list[WaitingChange] | None = None  # dropped since `begin_trial`

    def add(self, change: WaitingChange) -> None:
        """Add a change at the end."""
        self._added.append(change)

    def __bool__(self) -> bool:
        return bool(self._queue or self._added)

    @property
    def labels(self) -> list[WaitingChange]:
        """The changes of labels, oldest first, without the parts of unfinished strokes; any thread may ask."""
        return [change for change in (*tuple(self._queue), *tuple(self._added)) if change.kind.changes]

    def group(self) -> list[WaitingChange]:
        """Return the oldest changes that belong to one case, to be written together; they stay in the queue until `drop`.

        The parts of a stroke that was finished or cancelled meanwhile are void, and are dropped.
        """
        self._take_added()
        if not self._queue:
            return []
        case = self._queue[0].case
        return list(itertools.takewhile(lambda change: change.case == case, itertools.islice(self._queue, MOST_AT_ONCE)))

    def drop(self, count: int) -> None:
        """Remove the oldest changes: they are on the disk."""
        for _ in range(count):
            change = self._queue.popleft()
            if self._tried is not None:
                self._tried.append(change)

    def clear(self) -> None:
        """Remove all changes."""
        self._take_added()
        self._queue.clear()

    def begin_trial(self) -> None:
        """Remember what is dropped from now on, until `end_trial`: it is written to a place that may not last."""
        self._tried = []

    def end_trial(self, *, kept: bool) -> None:
        """End a trial; what was dropped meanwhile waits again unless it is `kept`."""
        if self._tried and not kept:
            self._queue.extendleft(reversed(self._tried))
        self._tried = None

    def _take_added(self) -> None:
        while self._added:
            change = self._added[0]
            while change.kind != Kind.PARTIAL and self._queue and _is_part_of(self._queue[-1], change.case):
                self._queue.pop()  # void now: the finished stroke holds them all, or it was cancelled
            self._queue.append(change)
            self._added.popleft()  # last: a count by another thread may take it twice, but never misses it


def _is_part_of(change: WaitingChange, case: str) -> bool:
    return change.kind == Kind.PARTIAL and change.case == case
