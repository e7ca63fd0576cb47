"""Strokes that the project's disk refused until the window closed: kept in the user's own folder, put back when their case opens."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from unetstudio.data.edit import Edit
from unetstudio.project import durable, file_listing
from unetstudio.project.journal import Journal, JournalEntry, Kind, read

Change = tuple[str, Kind, Edit]
"""Case id, why the Edit was applied, and the Edit."""


def keep(folder: Path, project: str, changes: Iterable[Change]) -> None:
    """Writes changes, oldest first, behind those kept before; `project` is its uuid. ProjectError when this disk refuses as well."""
    journals: dict[str, Journal] = {}
    for case, kind, edit in changes:
        if case not in journals:
            durable.make_folder(folder / project)
            journals[case] = Journal(free(folder / project, case))
        journals[case].append(kind, edit, journals[case].count + 1)


def kept(folder: Path, project: str, case: str) -> list[JournalEntry]:
    """What was kept of a case, oldest first."""
    return [entry for path in _files(folder / project, case) for entry in read(path).entries]


def forget(folder: Path, project: str, case: str) -> None:
    """Removes what was kept of a case, once it is in the project."""
    for path in _files(folder / project, case):
        durable.remove(path)


def _files(folder: Path, case: str) -> list[Path]:
    found = [path for path in file_listing.names(folder) if path.match(f"{case}-*.journal")]
    return sorted(found, key=lambda path: int(path.stem.rpartition("-")[2]))


def free(folder: Path, case: str) -> Path:
    """A journal's name that no file has."""
    taken = _files(folder, case)
    return folder / f"{case}-{int(taken[-1].stem.rpartition('-')[2]) + 1 if taken else 1}.journal"
