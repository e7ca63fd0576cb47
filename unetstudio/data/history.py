"""Undo and redo: a history of changes for each case, bounded in bytes and not in number."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

BYTES = 256 * 2**20
"""Bytes of undo history, of each case and of all together; the oldest changes are dropped first."""


class Undoable(Protocol):
    """A change that knows its own inverse."""

    @property
    def nbytes(self) -> int: ...

    def inverse(self) -> Undoable: ...


Change = TypeVar("Change", bound=Undoable)


class History(Generic[Change]):
    """The changes done and undone, newest last."""

    def __init__(self, bytes_kept: int = BYTES) -> None:
        self._done: deque[Change] = deque()
        self._undone: list[Change] = []
        self._bytes_kept = bytes_kept
        self._nbytes = 0

    def push(self, change: Change) -> None:
        """Record a new change; undone changes can no longer be redone."""
        self._undone.clear()
        self._done.append(change)
        self._nbytes += change.nbytes
        while self._nbytes > self._bytes_kept and len(self._done) > 1:
            self._nbytes -= self._done.popleft().nbytes

    def undo(self) -> Change | None:
        """Return the change to undo by applying its inverse, or None."""
        if not self._done:
            return None
        change = self._done.pop()
        self._nbytes -= change.nbytes
        self._undone.append(change)
        return change

    def redo(self) -> Change | None:
        """Return the change to redo by applying it again, or None."""
        if not self._undone:
            return None
        change = self._undone.pop()
        self._done.append(change)
        self._nbytes += change.nbytes
        return change

    @property
    def nbytes(self) -> int:
        """Bytes of all changes, done and undone."""
        return self._nbytes + sum(change.nbytes for change in self._undone)

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to undo."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is a change to redo."""
        return bool(self._undone)

    def __len__(self) -> int:
        return len(self._done)

    def __iter__(self) -> Iterator[Change]:
        """Iterate over the changes done, oldest first."""
        return iter(self._done)


class CaseHistories(Generic[Change]):
    """The histories of a project's cases; when they take too much memory, those opened longest ago are dropped first."""

    def __init__(self, bytes_kept: int = BYTES) -> None:
        self._bytes_kept = bytes_kept
        self._by_case: dict[str, History[Change]] = {}  # the case opened last is last
        self._open = ""
        self._without_case: History[Change] = History()

    def open(self, case: str, history: History[Change], *, changed: bool) -> None:
        """Resume a case's history; use `history`, read from the disk, if there is none or the labels have `changed` since."""
        previous = self._by_case.pop(case, history)
        self._by_case[case] = history if changed else previous
        self._open = case
        self._make_room()

    def close(self) -> None:
        """Close the open case, keeping the histories."""
        self._open = ""

    def clear(self) -> None:
        """Drop all histories, for another project."""
        self._by_case.clear()
        self._open = ""
        self._without_case = History()

    @property
    def current(self) -> History[Change]:
        """The history of the open case, or that of changes made while none is open."""
        return self._by_case.get(self._open, self._without_case)

    def _make_room(self) -> None:
        total = sum(history.nbytes for history in self._by_case.values())
        for case in list(self._by_case)[:-1]:
            if total <= self._bytes_kept:
                return
            total -= self._by_case.pop(case).nbytes
