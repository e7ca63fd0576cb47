"""Who painted in a project, for its model cards: read from the journals now and then."""

from __future__ import annotations

import time
from pathlib import Path

from unetstudio.data.quantity import count_text
from unetstudio.errors import ProjectError
from unetstudio.project.audit import trail

EVERY = 600.0
"""Seconds for which an answer holds: reading a long trail takes seconds."""

MOST_BYTES = 64 * 2**20
"""Of journals that are read; a longer trail is left to the audit's own command."""


class Annotators:
    """Names are told as they were typed; of who typed none, only how many accounts they used: a card is handed on, accounts are not."""

    def __init__(self, cases: Path) -> None:
        self._cases = cases
        self._names: tuple[str, ...] = ()
        self._read_at = -EVERY

    def names(self) -> tuple[str, ...]:
        """Of all who changed labels; () when that is not known."""
        if time.monotonic() - self._read_at >= EVERY:
            self._names, self._read_at = self._look(), time.monotonic()
        return self._names

    def _look(self) -> tuple[str, ...]:
        try:
            journals = [path for path in self._cases.rglob("*.journal") if path.is_file()]
            size = sum(path.stat().st_size for path in journals)
        except OSError:  # the window puts one aside at this moment, or the drive is gone: a card without names is better than none
            return ()
        if size > MOST_BYTES:
            return ()
        named: set[str] = set()
        unnamed: set[str] = set()
        for case in {path.relative_to(self._cases).parts[0] for path in journals}:
            try:
                for line in (line for line in trail(self._cases / case) if line.kind.changes):
                    (named if line.author else unnamed).add(line.author or line.user)
            except ProjectError:
                continue  # a damaged journal is told of where it is opened
        nameless = (f"{count_text(len(unnamed), 'account')} without a typed name",) if unnamed else ()
        return (*sorted(named), *nameless)
