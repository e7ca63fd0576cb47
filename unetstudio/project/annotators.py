"""The annotators of a project, named on its model cards and read from the journals at intervals."""

from __future__ import annotations

import time
from pathlib import Path

from unetstudio.data.quantity import count_text
from unetstudio.errors import ProjectError
from unetstudio.project.audit import audit_trail

INTERVAL = 600.0
"""Seconds between two readings: reading a long audit trail takes seconds."""

MOST_BYTES = 64 * 2**20
"""Largest total size of journals that is read; a longer trail is left to the audit command."""


class Annotators:
    """The annotators' names as typed; those who typed none are only counted, since a card is shared and account names are private."""

    def __init__(self, cases: Path) -> None:
        self._cases = cases
        self._names: tuple[str, ...] = ()
        self._read_at = -INTERVAL

    def names(self) -> tuple[str, ...]:
        """Return the names of all who changed labels; () when they cannot be read."""
        if time.monotonic() - self._read_at >= INTERVAL:
            self._names, self._read_at = self._read(), time.monotonic()
        return self._names

    def _read(self) -> tuple[str, ...]:
        try:
            journals = [path for path in self._cases.rglob("*.journal") if path.is_file()]
            size = sum(path.stat().st_size for path in journals)
        except OSError:  # the window is moving a journal, or the drive is gone: a card without names is better than none
            return ()
        if size > MOST_BYTES:
            return ()
        named: set[str] = set()
        unnamed: set[str] = set()
        for case in {path.relative_to(self._cases).parts[0] for path in journals}:
            try:
                for line in (line for line in audit_trail(self._cases / case) if line.kind.changes):
                    (named if line.author else unnamed).add(line.author or line.user)
            except ProjectError:
                continue  # a damaged journal is reported where it is opened
        nameless = (f"{count_text(len(unnamed), 'account')} without a typed name",) if unnamed else ()
        return (*sorted(named), *nameless)
