"""Strokes of a project on a network drive, on this computer as well until they are in a generation of labels.

A server may say that it has flushed what it has not. When it comes back without the newest strokes, they are put back from here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from unetstudio.data.edit import Edit
from unetstudio.errors import ProjectError
from unetstudio.project import disk, durable, rescue
from unetstudio.project.journal import Journal, JournalEntry, Kind
from unetstudio.project.project import Project
from unetstudio.project.store import LabelStore

AFTER = "after"
"""In a record: SHA-256 of the change before it, as the project's own journal has it."""


class SecondCopy:
    """Of the changes of one project's cases; `folder` is this user's, on this computer."""

    def __init__(self, folder: Path, project: str) -> None:
        self._folder, self._project = folder, project
        self._journals: dict[str, Journal] = {}

    def first(self) -> bool:
        """Whether this computer sees the project for the first time; from then on it does not. Best effort, as all here."""
        if (self._folder / self._project).is_dir():
            return False
        with contextlib.suppress(ProjectError):
            durable.make_folder(self._folder / self._project)
        return True

    def add(self, case: str, kind: Kind, edit: Edit, sequence: int, after: bytes) -> None:
        """Keeps a change that the project has just taken; a disk here that refuses costs the second copy alone."""
        with contextlib.suppress(ProjectError):
            if case not in self._journals or self._journals[case].broken:
                durable.make_folder(self._folder / self._project)
                self._journals[case] = Journal(rescue.free(self._folder / self._project, case), case=case)
            self._journals[case].append(kind, edit, sequence, {AFTER: after.hex()})

    def lost(self, case: str, sequence: int, last: bytes) -> list[JournalEntry]:
        """Changes that were kept here and follow on the last one that the project still has."""
        kept: dict[int, JournalEntry] = {}
        with contextlib.suppress(ProjectError):
            kept = {entry.sequence: entry for entry in rescue.kept(self._folder, self._project, case) if entry.kind.changes}
        first = kept.get(sequence + 1)
        if first is None or first.about.get(AFTER) != last.hex():
            return []
        end = sequence + 1
        while end + 1 in kept:
            end += 1
        return [kept[number] for number in range(sequence + 1, end + 1)]

    def forget(self, case: str) -> None:
        """The case's changes are in a generation of labels now."""
        self._journals.pop(case, None)
        with contextlib.suppress(ProjectError):
            rescue.forget(self._folder, self._project, case)

    def stored(self, store: LabelStore, case: str, kind: Kind, edit: Edit) -> int:
        """Appends to the project, then here; returns the change's number."""
        after = store.last_change
        sequence = store.append(kind, edit)
        self.add(case, kind, edit, sequence, after)
        return sequence

    def put_back(self, store: LabelStore, case: str, apply: Callable[[Edit], object]) -> list[JournalEntry]:
        """Appends to the project what it lost, and applies it to its labels."""
        entries = self.lost(case, store.sequence, store.last_change)
        links = []
        for entry in entries:
            links.append(store.last_change)
            store.append(entry.kind, entry.edit)
            apply(entry.edit)
        if entries:
            edits = [entry.edit for entry in entries]
            self.forget(case)
            for entry, edit, after in zip(entries, edits, links, strict=True):
                self.add(case, entry.kind, edit, entry.sequence, after)
        return entries


def second_copy(project: Project, folder: Path) -> SecondCopy | None:
    """For a project that is open for writing on another computer's disk; `folder` is where this user's programs keep their state."""
    return SecondCopy(folder, project.manifest.uuid) if not project.read_only and disk.is_network(project.folder) else None


def notice(project: Project) -> str:
    """What the user of a network drive should know once."""
    return (
        f"{project.folder.name} lies on a network drive: what is saved there is as safe as that server. "
        "Your newest strokes are kept on this computer as well."
    )
