"""The project: a folder opened under its lock, changed in memory, saved as a whole."""

from __future__ import annotations

import os
import secrets
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from unetstudio.data.case import Case, Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.scan import Scan
from unetstudio.errors import FormatError, ProjectError
from unetstudio.project import case_changes, disk_reserve, file_listing, folders, lock
from unetstudio.project.disk_space import low_space_warning
from unetstudio.project.lock import Lock, LockHolder
from unetstudio.project.manifest import Manifest, is_other_project
from unetstudio.project.manifest_file import MANIFEST, SUFFIX, ManifestFile, is_project
from unetstudio.project.manifest_validation import CASE_ID, check_case
from unetstudio.project.migrations import VERSION
from unetstudio.project.store import LabelStore
from unetstudio.settings import TrainingSettings

FOLDERS = ("cases", "checkpoints", "runs", "cache", "cache/thumbnails")


class Project:
    """An open project. `manifest` is replaced, never mutated, so that another thread may save it; `notices` are sentences for the user."""

    def __init__(self, folder: Path, manifest: Manifest, file: ManifestFile, held: Lock | None, notices: Sequence[str] = ()) -> None:
        self.folder = folder
        self.manifest = manifest
        self.notices = tuple(notices)
        self.author = ""
        """The name that the user typed, for the audit trail."""
        self._file = file
        self._lock = held
        if held:
            held.is_ours = lambda: not is_other_project(file.path, manifest.uuid)
        self._session = secrets.token_hex(4)
        self._index = case_changes.CaseIndex.of(())

    @classmethod
    def create(cls, folder: Path, classes: ClassTable | None = None, training: TrainingSettings | None = None) -> Project:
        """Make a new project in a folder that is empty or does not exist yet, and open it for writing."""
        if any(file.name != lock.NAME and file.suffix != folders.TEMPORARY for file in file_listing.list_folder(folder)):
            raise ProjectError(folder, "is not empty; choose a new name for the project.")
        folders.make_folder(folder)
        held = lock.acquire(folder)
        if isinstance(held, LockHolder):
            raise ProjectError(folder, held.message)
        manifest = Manifest(uuid.uuid4().hex, time.time(), classes or ClassTable(), training=training or TrainingSettings())
        project = cls(folder, manifest, ManifestFile(folder), held)
        try:
            project.save()
        except ProjectError:
            held.release()
            raise
        return project

    @classmethod
    def open(cls, folder: Path, read_only: bool = False) -> Project:
        """Open the project of a folder, or of its project.json; read-only if it cannot be written, with the reason in `notices`."""
        folder = folder.parent if folder.name == MANIFEST else folder
        if not file_listing.list_folder(folder) or not is_project(folder):  # an unreadable folder raises its own error
            raise ProjectError(folder, "is not a U-Net Studio project; choose a folder that ends in .unetstudio.")
        held, refusal = (None, "") if read_only else _lock(folder)
        project = None
        try:
            file = ManifestFile(folder)
            manifest, notice = file.read()
            project = cls(folder, manifest, file, held, [text for text in (refusal, notice) if text])
            if held:
                project._prepare_for_writing()
        finally:
            if project is None and held:
                held.release()
        return project

    def close(self) -> None:
        """Release the lock and the reserve, without saving."""
        if self._lock:
            if not self._lock.lost:
                disk_reserve.release_reserve(self._file.path)
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def save(self) -> None:
        """Write project.json if something changed, and the one before it as project.json.bak; raise ProjectError if that fails."""
        self._require_lock()
        if self.unsaved:
            self._file.write(self.manifest)

    @property
    def unsaved(self) -> bool:
        """Whether something changed since the last successful save."""
        return self.manifest is not self._file.saved

    def heartbeat(self) -> None:
        """Refresh the lock, every `lock.HEARTBEAT` seconds. Raise ProjectError when it was lost: the project is read-only then."""
        if self._lock:
            self._lock.heartbeat()
            self.hold_reserve()

    def hold_reserve(self) -> None:
        """Reserve disk space for strokes if there is enough; also again, after a full disk has space again."""
        if not self.read_only:
            disk_reserve.hold_reserve(self.folder)

    def space_warning(self, case_id: str = "") -> str:
        """Return a sentence when less than 1 GB, or than three times the case's last generation of labels, is free; else ""."""
        return low_space_warning(self.folder, self.folder_of(case_id) if case_id else None)

    # -------------------------------------------------------------------------------------------------------------- contents

    @property
    def read_only(self) -> bool:
        """Whether nothing can be saved: it was opened for reading, or the lock was lost."""
        return self._lock is None or self._lock.lost

    @property
    def name(self) -> str:
        """The folder's name without its suffix."""
        return self.folder.name.removesuffix(SUFFIX)

    @property
    def classes(self) -> ClassTable:
        """The structures to find."""
        return self.manifest.classes

    @property
    def cases(self) -> tuple[Case, ...]:
        """The cases in the order of the list."""
        return self.manifest.cases

    def case(self, case_id: str) -> Case:
        """Return the case of an id; raise UserError when there is none."""
        return case_changes.find_case(self.cases, case_id)

    def update(self, **fields: Any) -> None:
        """Replace `classes`, `training`, `steps`, `view` or `cases`, without saving."""
        self.manifest = replace(self.manifest, **fields)

    def add_cases(self, cases: Iterable[Case]) -> tuple[Case, ...]:
        """Append cases and return those added; images that are in the project already are left out.

        Raise UserError, and add none, when the number of channels differs: one network reads all scans of a project.
        """
        index = self._index if self._index.cases is self.cases else case_changes.CaseIndex.of(self.cases)
        self._index, added = index.added(cases)
        self.update(cases=self._index.cases)
        return added

    # --------------------------------------------------------------------------------------------------------------- folders

    def folder_of(self, case: Case | str) -> Path:
        """Return the folder of a case's labels, journals and prediction, which may not exist yet.

        Raise ProjectError when it would lead out of the project.
        """
        case_id = case if isinstance(case, str) else case.id
        folder = self.folder / "cases" / case_id
        if not CASE_ID.fullmatch(case_id) or os.path.islink(folder) or os.path.islink(folder.parent):  # noqa: PTH114 (ten thousand cases)
            raise ProjectError(folder, "leads out of the project; it was neither read nor written. Ask for the project once more.")
        return folder

    def store(self, case: Case | str) -> LabelStore:
        """Return the store of a case's labels."""
        case_id = case if isinstance(case, str) else case.id
        return LabelStore(
            self.folder_of(case),
            read_only=self.read_only,
            lock=self._lock,
            author=self.author,
            case=case_id,
            session=self._session,
        )

    @property
    def checkpoints_folder(self) -> Path:
        """The folder of weights and their cards."""
        return self.folder / "checkpoints"

    @property
    def cache(self) -> Path:
        """The folder of caches, which may be deleted at any time."""
        return self.folder / "cache"

    # --------------------------------------------------------------------------------------------------------------- opening

    def _prepare_for_writing(self) -> None:
        """Clean up after a killed program, migrate and repair; if that fails, make the project read-only, with a notice."""
        if self.manifest.version > VERSION:
            self._fall_back_to_reading("This project was made by a newer version of U-Net Studio; it is shown for reading only.")
            return
        try:
            if link := next((name for name in FOLDERS if file_listing.is_link(self.folder / name)), ""):
                self._fall_back_to_reading(
                    f"{link} in this project is a link to another place: it is shown for reading only. Put a folder there."
                )
                return
            folders.remove_temporary_files(self.folder)
            if self.manifest.version < VERSION:
                self._file.keep_version(self.manifest.version)
                self.update(version=VERSION)
            else:
                self._file.repair()
        except ProjectError as error:
            self._fall_back_to_reading(f"{error} The project is shown for reading only.")

    def _fall_back_to_reading(self, reason: str) -> None:
        self.close()
        self.notices = (*self.notices, reason)

    def _require_lock(self) -> None:
        if self._lock is None:
            raise ProjectError(self.folder, "was opened for reading only; nothing was saved.")
        self._lock.confirm()


def new_case(source: Source, scan: Scan, sha256: str) -> Case:
    """Make the case of a scan; `sha256` is that of the source's bytes."""
    name = scan.name or source.path.stem
    case = Case(uuid.uuid4().hex[:16], name, source, sha256, scan.shape, scan.channels, scan.kind, scan.geometry)
    try:
        check_case(case.to_json(source.path.parent))
    except ValueError as error:
        raise FormatError(source.path, f"it has {error} that no image can have; convert it with another program, then add it.") from error
    return case


def _lock(folder: Path) -> tuple[Lock | None, str]:
    """Return the lock and "", or None and a sentence with the reason."""
    try:
        held = lock.acquire(folder)
    except ProjectError as error:
        reason = str(error).removeprefix(f"{error.path.name}: could not be saved: ")
        return None, f"{folder.name} is shown for reading only: {reason}"
    return (None, held.message) if isinstance(held, LockHolder) else (held, "")
