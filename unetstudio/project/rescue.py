"""Changes of labels that the project's disk refuses or keeps waiting, kept in another place of the user's until their case is opened."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from unetstudio.data.edit import Edit
from unetstudio.errors import ProjectError
from unetstudio.project.file_listing import list_folder
from unetstudio.project.folders import make_folder, remove
from unetstudio.project.journal import Journal, read
from unetstudio.project.record import ID, JournalEntry, Kind

FOLDER = "U-Net Studio unsaved strokes"
"""Name of the folder in the user's documents folder, or where else there is room."""


@dataclass(frozen=True, eq=False, slots=True)
class Rescued:
    """A change to be kept; `id` tells it from all others, so that it never comes back beside itself."""

    case: str
    kind: Kind
    edit: Edit
    id: str


class Rescue:
    """The rescued changes of a project, `<case>-<n>.journal` in a folder named by its uuid below one of several places.

    Any thread may call `keep` and `forget`; the thread that writes the project restores.
    """

    def __init__(self, uuid: str, places: Sequence[Path]) -> None:
        self._folders = [place / FOLDER / uuid for place in places]
        self._lock = Lock()
        self._kept: dict[str, Path] = {}  # file by id of a change, of this session

    def keep(self, changes: Iterable[Rescued], *, apart_from: Path | None = None) -> Path:
        """Keep changes, oldest first, in the first place that takes them all, and return it; raise ProjectError when none does.

        Those that were kept before stay where they are. Places on the disk of the folder `apart_from` are passed over.
        """
        with self._lock:
            fresh = [change for change in changes if change.id not in self._kept]
            refusal: ProjectError | None = None
            for folder in self._folders:
                if apart_from is not None and _same_disk(folder, apart_from):
                    continue
                try:
                    self._kept |= _write(folder, fresh)
                except ProjectError as error:
                    refusal = refusal or error
                else:
                    return folder.parent
        raise refusal or ProjectError(Path(FOLDER), "there is no place to keep the strokes.")

    def forget(self) -> None:
        """Delete what this session kept: the project has it now."""
        with self._lock:
            for path in set(self._kept.values()):
                with contextlib.suppress(ProjectError):
                    remove(path)
            self._kept.clear()

    def restore(self, case: str, known: Callable[[], Collection[str]], write: Callable[[JournalEntry], object]) -> list[JournalEntry]:
        """Pass a case's changes to `write`, oldest first, and return them; those whose id is `known` are in the project already.

        After a refusal only the rest is kept, so that none is restored twice; an unreadable file stays.
        """
        journals = [path for folder in self._folders if _may_be_used(folder) for path in journals_in(folder, case)]
        if not journals:
            return []
        entries = [entry for path in journals for entry in read(path).entries]
        present = known()
        missing = [entry for entry in entries if entry.description.get(ID) not in present]
        restored = 0
        try:
            for entry in missing:
                write(entry)
                restored += 1
        finally:
            if restored or not missing:
                if rest := missing[restored:]:
                    for entry in rest:
                        self._kept.pop(id_of(entry), None)
                    self.keep(Rescued(case, entry.kind, entry.edit, id_of(entry)) for entry in rest)
                for path in journals:
                    remove(path)
        return missing


def _write(folder: Path, changes: Sequence[Rescued]) -> dict[str, Path]:
    """Write changes into new journals and return the file of each by id; on a refusal nothing is left."""
    journals: dict[str, Journal] = {}
    kept: dict[str, Path] = {}
    try:
        if changes:
            make_folder(folder)
            _require_own(folder)
        for change in changes:
            if change.case not in journals:
                journals[change.case] = Journal(free_name(folder, change.case))
            journal = journals[change.case]
            journal.append(change.kind, change.edit, journal.count + 1, {ID: change.id})
            kept[change.id] = journal.path
    except ProjectError:
        for journal in journals.values():
            with contextlib.suppress(ProjectError):
                remove(journal.path)
        raise
    return kept


def _same_disk(folder: Path, other: Path) -> bool:
    """Whether two folders, of which the first may be missing, lie on one disk."""
    there = next((parent for parent in (folder, *folder.parents) if parent.exists()), folder)
    try:
        return os.stat(there).st_dev == os.stat(other).st_dev  # noqa: PTH116
    except OSError:
        return True


def _may_be_used(folder: Path) -> bool:
    """Whether a folder is there and, where everybody may write, as in the temporary folder of the system, this user's."""
    try:
        status, place = os.lstat(folder), os.stat(folder.parent.parent)  # noqa: PTH116
    except OSError:
        return False
    if not hasattr(os, "getuid") or not place.st_mode & stat.S_IWOTH:
        return stat.S_ISDIR(status.st_mode)
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() == os.lstat(folder.parent).st_uid


def _require_own(folder: Path) -> None:
    if not _may_be_used(folder):
        raise ProjectError(folder, "belongs to another user.")


def id_of(entry: JournalEntry) -> str:
    """Return a change's own id; an older record has its digest for one."""
    return str(entry.description.get(ID) or entry.digest.hex())


def journals_in(folder: Path, case: str) -> list[Path]:
    """Return a case's journals in a folder, oldest first."""
    journals = [path for path in list_folder(folder) if path.match(f"{case}-*.journal")]
    return sorted(journals, key=_number)


def free_name(folder: Path, case: str) -> Path:
    """Return an unused name for a case's journal."""
    taken = journals_in(folder, case)
    return folder / f"{case}-{_number(taken[-1]) + 1 if taken else 1}.journal"


def _number(journal: Path) -> int:
    return int(journal.stem.rpartition("-")[2])
