"""Undo and redo: for each case a list of changes, bounded in bytes and not in number."""

from __future__ import annotations

from collections import deque
from typing import Generic, Protocol, TypeVar

BYTES = 256 * 2**20
"""Memory for undo, of one case and of all together; the oldest changes go first."""


class Undoable(Protocol):
    """A change that knows its own inverse."""

    @property
    def nbytes(self) -> int: ...

    def inverse(self) -> Undoable: ...


Change = TypeVar("Change", bound=Undoable)


class History(Generic[Change]):
    """Changes done and undone, newest last."""

    def __init__(self, bytes_kept: int = BYTES) -> None:
        self._done: deque[Change] = deque()
        self._undone: list[Change] = []
        self._bytes_kept = bytes_kept
        self._nbytes = 0

    def push(self, change: Change) -> None:
        """Record a new change; changes that had been undone can no longer be redone."""
        self._undone.clear()
        self._done.append(change)
        self._nbytes += change.nbytes
        while self._nbytes > self._bytes_kept and len(self._done) > 1:
            self._nbytes -= self._done.popleft().nbytes

    def undo(self) -> Change | None:
        """Return the change to take back (apply its inverse), or None."""
        if not self._done:
            return None
        change = self._done.pop()
        self._nbytes -= change.nbytes
        self._undone.append(change)
        return change

    def redo(self) -> Change | None:
        """Return the change to apply again, or None."""
        if not self._undone:
            return None
        change = self._undone.pop()
        self._done.append(change)
        self._nbytes += change.nbytes
        return change

    @property
    def nbytes(self) -> int:
        """Memory taken by all changes, done and undone."""
        return self._nbytes + sum(change.nbytes for change in self._undone)

    @property
    def can_undo(self) -> bool:
        """Whether anything can be taken back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether anything can be done again."""
        return bool(self._undone)

    def __len__(self) -> int:
        return len(self._done)


class CaseHistories(Generic[Change]):
    """Undo and redo of each case of a project; those of cases opened long ago go first when all take too much memory."""

    def __init__(self, bytes_kept: int = BYTES) -> None:
        self._bytes_kept = bytes_kept
        self._by_case: dict[str, History[Change]] = {}  # the case opened last comes last
        self._open = ""
        self._without_case: History[Change] = History()

    def open(self, case: str, history: History[Change], *, changed: bool) -> None:
        """Go on with a case's undo where it was left; with `history`, read from the disk, where there is none or labels `changed` since."""
        kept = self._by_case.pop(case, history)
        self._by_case[case] = history if changed else kept
        self._open = case
        self._make_room()

    def close(self) -> None:
        """Leave the open case; the histories are kept."""
        self._open = ""

    def clear(self) -> None:
        """Forget all histories, as for another project."""
        self._by_case.clear()
        self._open = ""
        self._without_case = History()

    @property
    def current(self) -> History[Change]:
        """The history of the open case, or of changes made while none is open."""
        return self._by_case.get(self._open, self._without_case)

    def _make_room(self) -> None:
        total = sum(kept.nbytes for kept in self._by_case.values())
        for case in list(self._by_case)[:-1]:
            if total <= self._bytes_kept:
                return
            total -= self._by_case.pop(case).nbytes
