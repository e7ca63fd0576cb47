"""Journals on this computer: of changes that a network drive may lose, and of changes that the project's disk refused.

A server may report data as flushed that is not. So changes of a project on a network drive are mirrored in the folder of application
state until they are in a generation of labels. Changes that the disk refuses or keeps waiting are rescued to another place. Both are
restored when their case is opened.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from unetstudio.data.edit import Edit
from unetstudio.errors import ProjectError
from unetstudio.project.folders import make_folder, remove
from unetstudio.project.journal import Journal, read
from unetstudio.project.network_drive import is_on_network_drive
from unetstudio.project.project import Project
from unetstudio.project.record import ID, Draft, JournalEntry, Kind
from unetstudio.project.rescue import Rescue, free_name, id_of, journals_in
from unetstudio.project.store import LabelStore

AFTER = "after"
"""Key in a mirrored record: SHA-256 of the change before it in the project's own journal."""


class LocalJournal:
    """The local journals of a project, `<case>-<n>.journal` in a folder named by the project's uuid under `state` and `documents`.

    Mirroring is best effort: a local disk that refuses costs only the mirror.
    """

    def __init__(self, project: Project, *, state: Path, places: Sequence[Path]) -> None:
        self.mirrors = not project.read_only and is_on_network_drive(project.folder)
        """Whether changes are mirrored: the project is open for writing on another computer's disk."""
        self._project = project
        self._mirror = state / project.manifest.uuid
        self.rescue = Rescue(project.manifest.uuid, places)
        """What the project's disk refused or keeps waiting."""
        self._journals: dict[str, Journal] = {}

    def notice(self) -> str:
        """Return a notice about network drives the first time this computer opens the project; else ""."""
        if not self.mirrors or self._mirror.is_dir():
            return ""
        with contextlib.suppress(ProjectError):
            make_folder(self._mirror)
        return (
            f"{self._project.folder.name} lies on a network drive: what is saved there is as safe as that server. "
            "Your newest strokes are kept on this computer as well."
        )

    def mirror(self, case: str, kind: Kind, edit: Edit, sequence: int, after: bytes) -> None:
        """Mirror a change that the project has, where it lies on a network drive; `after` is the SHA-256 of the change before it."""
        if not self.mirrors:
            return
        with contextlib.suppress(ProjectError):
            if case not in self._journals or self._journals[case].failed:
                make_folder(self._mirror)
                self._journals[case] = Journal(free_name(self._mirror, case), case=case)
            self._journals[case].append(kind, edit, sequence, {AFTER: after.hex()})

    def restore(self, store: LabelStore, case: str, history: Iterable[JournalEntry], apply: Callable[[Edit], object]) -> list[JournalEntry]:
        """Append lost and rescued changes to the project, whose own are `history`, and apply them to its labels; return them."""
        if self._project.read_only:
            return []
        lost = self._restore_lost(store, case, apply) if self.mirrors else []

        def known() -> set[str]:
            return {entry.description.get(ID, "") for entry in (*history, *lost)}

        def write(entry: JournalEntry) -> None:
            after = store.last_change
            store.append_all([Draft(entry.kind, entry.edit, {ID: id_of(entry)})])
            self.mirror(case, entry.kind, entry.edit, store.sequence, after)
            apply(entry.edit)

        return lost + self.rescue.restore(case, known, write)

    def lost(self, case: str, sequence: int, last: bytes) -> list[JournalEntry]:
        """Return the mirrored changes after the last one that the project still has, given by its number and SHA-256."""
        mirrored: dict[int, JournalEntry] = {}
        with contextlib.suppress(ProjectError):
            mirrored = {entry.sequence: entry for entry in _entries(self._mirror, case) if entry.kind.changes}
        first = mirrored.get(sequence + 1)
        if first is None or first.description.get(AFTER) != last.hex():
            return []
        end = sequence + 1
        while end + 1 in mirrored:
            end += 1
        return [mirrored[number] for number in range(sequence + 1, end + 1)]

    def forget(self, case: str) -> None:
        """Delete the case's mirrored changes, when they are in a generation of labels."""
        if self.mirrors:
            self._journals.pop(case, None)
            with contextlib.suppress(ProjectError):
                _remove(self._mirror, case)

    def _restore_lost(self, store: LabelStore, case: str, apply: Callable[[Edit], object]) -> list[JournalEntry]:
        entries = self.lost(case, store.sequence, store.last_change)
        links = []
        for entry in entries:
            links.append(store.last_change)
            store.append_all([Draft(entry.kind, entry.edit, {ID: id_of(entry)})])
            apply(entry.edit)
        if entries:
            self.forget(case)
            for entry, after in zip(entries, links, strict=True):
                self.mirror(case, entry.kind, entry.edit, entry.sequence, after)
        return entries


def _entries(folder: Path, case: str) -> list[JournalEntry]:
    """Read a case's records, oldest first."""
    return [entry for path in journals_in(folder, case) for entry in read(path).entries]


def _remove(folder: Path, case: str) -> None:
    for path in journals_in(folder, case):
        remove(path)
