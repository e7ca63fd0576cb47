"""Journals on this computer: of changes that a network drive may lose, and of changes that the project's disk refused.

A server may report data as flushed that is not. So changes of a project on a network drive are mirrored in the folder of application
state until they are in a generation of labels. Changes that the disk still refuses when the window closes go into the user's documents
folder. Both are restored when their case is opened.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path

from unetstudio.data.edit import Edit
from unetstudio.errors import ProjectError
from unetstudio.project.file_listing import list_folder
from unetstudio.project.folders import make_folder, remove
from unetstudio.project.journal import Journal, read
from unetstudio.project.network_drive import is_on_network_drive
from unetstudio.project.project import Project
from unetstudio.project.record import JournalEntry, Kind
from unetstudio.project.store import LabelStore

REFUSED_FOLDER = "U-Net Studio unsaved strokes"
"""Name of the folder for refused changes in the user's documents folder."""
AFTER = "after"
"""Key in a mirrored record: SHA-256 of the change before it in the project's own journal."""

Change = tuple[str, Kind, Edit]
"""Case id, kind of change, and the Edit."""


class LocalJournal:
    """The local journals of a project, `<case>-<n>.journal` in a folder named by the project's uuid under `state` and `documents`.

    Mirroring is best effort: a local disk that refuses costs only the mirror.
    """

    def __init__(self, project: Project, *, state: Path, documents: Path) -> None:
        self.mirrors = not project.read_only and is_on_network_drive(project.folder)
        """Whether changes are mirrored: the project is open for writing on another computer's disk."""
        self._project = project
        self._mirror = state / project.manifest.uuid
        self._refused = documents / REFUSED_FOLDER / project.manifest.uuid  # often on another disk than the project
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
                self._journals[case] = Journal(_free_name(self._mirror, case), case=case)
            self._journals[case].append(kind, edit, sequence, {AFTER: after.hex()})

    def keep_refused(self, changes: Iterable[Change]) -> None:
        """Store refused changes, oldest first, after those stored earlier; raise ProjectError when this disk refuses as well."""
        journals: dict[str, Journal] = {}
        for case, kind, edit in changes:
            if case not in journals:
                make_folder(self._refused)
                journals[case] = Journal(_free_name(self._refused, case))
            journals[case].append(kind, edit, journals[case].count + 1)

    def restore(self, store: LabelStore, case: str, apply: Callable[[Edit], object]) -> list[JournalEntry]:
        """Append lost and refused changes to the project and apply them to its labels; return them."""
        if self._project.read_only:
            return []
        lost = self._restore_lost(store, case, apply) if self.mirrors else []
        return lost + self._restore_refused(store, case, apply)

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
            store.append(entry.kind, entry.edit)
            apply(entry.edit)
        if entries:
            self.forget(case)
            for entry, after in zip(entries, links, strict=True):
                self.mirror(case, entry.kind, entry.edit, entry.sequence, after)
        return entries

    def _restore_refused(self, store: LabelStore, case: str, apply: Callable[[Edit], object]) -> list[JournalEntry]:
        journals = _journals(self._refused, case)
        entries = [entry for path in journals for entry in read(path).entries]
        restored = 0
        try:
            for entry in entries:
                after = store.last_change
                sequence = store.append(entry.kind, entry.edit)
                self.mirror(case, entry.kind, entry.edit, sequence, after)
                restored += 1
                apply(entry.edit)
        finally:
            if restored:  # after another refusal store only the rest, so that none is restored twice; an unreadable file is kept
                self.keep_refused((case, entry.kind, entry.edit) for entry in entries[restored:])
                for path in journals:
                    remove(path)
        return entries


def _entries(folder: Path, case: str) -> list[JournalEntry]:
    """Read a case's records, oldest first."""
    return [entry for path in _journals(folder, case) for entry in read(path).entries]


def _remove(folder: Path, case: str) -> None:
    for path in _journals(folder, case):
        remove(path)


def _journals(folder: Path, case: str) -> list[Path]:
    journals = [path for path in list_folder(folder) if path.match(f"{case}-*.journal")]
    return sorted(journals, key=_number)


def _free_name(folder: Path, case: str) -> Path:
    """Return an unused name for a journal."""
    taken = _journals(folder, case)
    return folder / f"{case}-{_number(taken[-1]) + 1 if taken else 1}.journal"


def _number(journal: Path) -> int:
    return int(journal.stem.rpartition("-")[2])
