"""Undo and redo of one case: a list of inverses, bounded in bytes and not in number."""

from __future__ import annotations

from collections import deque
from typing import Generic, Protocol, TypeVar

BYTES = 256 * 2**20
"""Memory for one case's undo; the oldest go first."""


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
        """A new change; what had been undone can no longer be redone."""
        self._undone.clear()
        self._done.append(change)
        self._nbytes += change.nbytes
        while self._nbytes > self._bytes_kept and len(self._done) > 1:
            self._nbytes -= self._done.popleft().nbytes

    def undo(self) -> Change | None:
        """The change to take back (apply its inverse), or None."""
        if not self._done:
            return None
        change = self._done.pop()
        self._nbytes -= change.nbytes
        self._undone.append(change)
        return change

    def redo(self) -> Change | None:
        """The change to apply again, or None."""
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
