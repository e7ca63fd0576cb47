"""A project folder: opened under its lock, changed in memory, saved as a whole."""

from __future__ import annotations

import os
import secrets
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from unetstudio.data.case import Case, ReviewState, Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.quantity import count_text
from unetstudio.data.scan import Scan
from unetstudio.errors import FormatError, ProjectError, UserError
from unetstudio.project import disk, durable, file_listing
from unetstudio.project.lock import NAME, Lock, LockedBy, acquire
from unetstudio.project.manifest import BEGINNING, MOST_BYTES, Lines, Manifest, decode, encode, holds_another
from unetstudio.project.manifest_validation import CASE_ID, check_case
from unetstudio.project.migrations import VERSION
from unetstudio.project.store import LabelStore
from unetstudio.settings import TrainingSettings

MANIFEST, BACKUP = "project.json", "project.json.bak"
SUFFIX = ".unetstudio"
FOLDERS = ("cases", "checkpoints", "runs", "cache", "cache/thumbnails")


@dataclass(frozen=True)
class _Listed:
    """Images and names of these cases, so that adding ten thousand one by one takes no longer than adding them at once."""

    cases: tuple[Case, ...]
    images: set[tuple[Source, str]]  # with their SHA-256
    names: set[str]


class Project:
    """`manifest` is replaced, never changed, so that another thread may save it meanwhile; `notices` are sentences for the user."""

    def __init__(self, folder: Path, manifest: Manifest, lock: Lock | None, saved: bytes, notices: Sequence[str] = ()) -> None:
        self.folder = folder
        self.manifest = manifest
        self.notices = tuple(notices)
        self.author = ""
        """A name that the user typed, for the audit trail."""
        self._lock = lock
        if lock:
            lock.ours = lambda: not holds_another(folder / MANIFEST, manifest.uuid)
        self._session = secrets.token_hex(4)
        self._listed = _Listed((), set(), set())
        self._lines: Lines = {}
        self._saved_manifest = manifest if saved else None
        self._saved = saved  # the last good project.json, which becomes the second generation

    @classmethod
    def create(cls, folder: Path, classes: ClassTable | None = None, training: TrainingSettings | None = None) -> Project:
        """A new project in a folder that is empty or does not exist yet; open for writing."""
        if any(file.name != NAME and file.suffix != durable.TEMPORARY for file in file_listing.names(folder)):
            raise ProjectError(folder, "is not empty; choose a new name for the project.")
        durable.make_folder(folder)
        lock = acquire(folder)
        if isinstance(lock, LockedBy):
            raise ProjectError(folder, lock.sentence)
        manifest = Manifest(uuid.uuid4().hex, time.time(), classes or ClassTable(), training=training or TrainingSettings())
        project = cls(folder, manifest, lock, b"")
        try:
            project.save()
        except ProjectError:
            lock.release()
            raise
        return project

    @classmethod
    def open(cls, folder: Path, read_only: bool = False) -> Project:
        """The project of a folder, or of its project.json. Where it cannot be written it opens for reading and `notices` says why."""
        folder = folder.parent if folder.name == MANIFEST else folder
        if not file_listing.names(folder) or not is_project(folder):  # one that may not be read says so
            raise ProjectError(folder, "is not a U-Net Studio project; choose a folder that ends in .unetstudio.")
        lock, notices = (None, []) if read_only else _locked(folder)
        project = None
        try:
            manifest, saved, why = _read(folder)
            project = cls(folder, manifest, lock, saved, [*notices, *why])
            if lock:
                project._settle()
        finally:
            if project is None and lock:
                lock.release()
        return project

    def close(self) -> None:
        """Gives the lock and the reserve back; saves nothing."""
        if self._lock:
            if not self._lock.lost:
                disk.give_reserve_back(self.folder)
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def save(self) -> None:
        """Writes project.json where something changed, and the one before it as project.json.bak; ProjectError when it stays unsaved."""
        self._writable()
        if not self.unsaved:
            return
        manifest = self.manifest
        text = encode(manifest, self.folder, self._lines)
        if text != self._saved:
            if self._saved:
                durable.write_bytes(self.folder / BACKUP, self._saved, replace=True)
            durable.write_bytes(self.folder / MANIFEST, text, replace=True)
            if not self._saved:
                durable.write_bytes(self.folder / BACKUP, text, replace=True)
        self._saved, self._saved_manifest = text, manifest

    @property
    def unsaved(self) -> bool:
        """Whether something changed since the last save that went well."""
        return self.manifest is not self._saved_manifest

    def beat(self) -> None:
        """Keeps the lock ours; call it every `lock.BEAT` seconds. ProjectError when it was lost: the project is read-only from then on."""
        if self._lock:
            try:
                self._lock.beat()
            except ProjectError:
                self._lock = None if self._lock.lost else self._lock
                raise
            self.keep_reserve()

    def keep_reserve(self) -> None:
        """Holds room for strokes against a full disk, where there is room to hold; again once a full disk has room again."""
        if not self.read_only:
            disk.keep_reserve(self.folder)

    def space_warning(self, case_id: str = "") -> str:
        """One sentence when the disk has less than 1 GB or three times the case's last generation of labels left; else ""."""
        return disk.warning(self.folder, self.folder_of(case_id) if case_id else None)

    # -------------------------------------------------------------------------------------------------------- what it holds

    @property
    def read_only(self) -> bool:
        """Whether nothing can be saved: opened so, or the lock was lost."""
        return self._lock is None or self._lock.lost

    @property
    def name(self) -> str:
        """The folder's name without its ending."""
        return self.folder.name.removesuffix(SUFFIX)

    @property
    def classes(self) -> ClassTable:
        """The structures to find."""
        return self.manifest.classes

    @property
    def cases(self) -> tuple[Case, ...]:
        """In the order of the strip."""
        return self.manifest.cases

    def case(self, case_id: str) -> Case:
        """By its id; UserError when there is none."""
        for case in self.cases:
            if case.id == case_id:
                return case
        raise UserError(f"The project has no case {case_id}.")

    def update(self, **fields: Any) -> None:
        """Other `classes`, `training`, `steps`, `view` or `cases`; not yet saved."""
        self.manifest = replace(self.manifest, **fields)

    def add_cases(self, cases: Iterable[Case]) -> tuple[Case, ...]:
        """Adds cases at the end and returns those added, each under a name of its own; an image that is in the project is left out.

        UserError, and nothing is added, when the number of channels differs: one network reads all scans of a project.
        """
        if self._listed.cases is not self.cases:
            images = {(case.source, case.sha256) for case in self.cases}
            self._listed = _Listed(self.cases, images, {case.name for case in self.cases})
        known, names = self._listed.images, self._listed.names
        channels = next((case.channels for case in self.cases), None)
        new = [case for case in cases if (case.source, case.sha256) not in known]
        for case in new:
            channels = case.channels if channels is None else channels
            if case.channels != channels:
                raise other_channels(case, channels)
        added: list[Case] = []
        for case in new:
            if (case.source, case.sha256) in known:
                continue  # twice in what was handed over
            name = next(n for n in _numbered(case.name) if n not in names)
            known.add((case.source, case.sha256))
            names.add(name)
            added.append(replace(case, name=name))
        self.update(cases=(*self.cases, *added))
        self._listed = _Listed(self.cases, known, names)
        return tuple(added)

    def change_case(self, case_id: str, **fields: Any) -> Case:
        """Another name, source or review state for one case, in its place."""
        changed = replace(self.case(case_id), **fields)
        self.update(cases=tuple(changed if case.id == case_id else case for case in self.cases))
        return changed

    def review(self, case_id: str, state: ReviewState) -> Case:
        """Sets what the clinician thinks of a case."""
        return self.change_case(case_id, review=state)

    def move_case(self, case_id: str, place: int) -> None:
        """To another place in the order."""
        moved = self.case(case_id)
        rest = [case for case in self.cases if case.id != case_id]
        place = min(max(place, 0), len(rest))
        self.update(cases=(*rest[:place], moved, *rest[place:]))

    def remove_case(self, case_id: str) -> None:
        """Takes a case off the list; its labels stay in the folder, and `add_cases` with it brings it back."""
        self.case(case_id)
        self.update(cases=tuple(case for case in self.cases if case.id != case_id))

    # ----------------------------------------------------------------------------------------------------------- where it lies

    def folder_of(self, case: Case | str) -> Path:
        """Of a case's labels, journal and prediction; not necessarily there yet. ProjectError when it would lead out of the project."""
        case_id = case if isinstance(case, str) else case.id
        folder = self.folder / "cases" / case_id
        if not CASE_ID.fullmatch(case_id) or os.path.islink(folder) or os.path.islink(folder.parent):  # noqa: PTH114 (ten thousand cases)
            raise ProjectError(folder, "leads out of the project; it was neither read nor written. Ask for the project once more.")
        return folder

    def store(self, case: Case | str) -> LabelStore:
        """Reads and writes a case's labels."""
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
        """Of weights and their cards."""
        return self.folder / "checkpoints"

    @property
    def cache(self) -> Path:
        """Of what can be made again; deletable at any time."""
        return self.folder / "cache"

    def _settle(self) -> None:
        """Makes an opened project ready for writing; where that is refused it stays read-only, with a sentence."""
        if self.manifest.version > VERSION:
            self._give_up("This project was made by a newer version of U-Net Studio; it is shown for reading only.")
            return
        path = self.folder / MANIFEST
        try:
            if link := next((name for name in FOLDERS if file_listing.is_link(self.folder / name)), ""):
                self._give_up(f"{link} in this project is a link to another place: it is shown for reading only. Put a folder there.")
                return
            durable.sweep(self.folder)
            if self.manifest.version < VERSION:
                kept = path.with_name(f"{MANIFEST}.version-{self.manifest.version}")
                durable.write_bytes(kept, self._saved, replace=True)
                self.update(version=VERSION)
            elif not file_listing.is_there(path) or durable.read_bytes(path) != self._saved:
                if file_listing.is_there(path):
                    durable.move(path, path.with_name(f"{MANIFEST}.damaged-{int(time.time())}"))
                durable.write_bytes(path, self._saved)
        except ProjectError as error:
            self._give_up(f"{error} The project is shown for reading only.")

    def _give_up(self, why: str) -> None:
        """Read-only from here on."""
        self.close()
        self.notices = (*self.notices, why)

    def _writable(self) -> None:
        if self._lock is None:
            raise ProjectError(self.folder, "was opened for reading only; nothing was saved.")
        self._lock.confirm()


def is_project(folder: Path) -> bool:
    """Whether a folder is a project, judged by what lies in it: other programs have a project.json too."""
    try:
        if folder.suffix == SUFFIX and any(file_listing.is_there(folder / name) for name in (MANIFEST, BACKUP)):
            return True
        return durable.read_bytes(folder / MANIFEST).startswith(BEGINNING)
    except ProjectError:
        return False


def other_channels(case: Case, channels: int) -> UserError:
    """Say why a case does not join a project whose images have so many channels: one network reads all of them."""
    here, there = count_text(channels, "channel"), count_text(case.channels, "channel")
    return UserError(f"{case.name} has {there} and this project's images have {here}; open it in a project of its own.")


def new_case(source: Source, scan: Scan, sha256: str) -> Case:
    """A case of a scan just read; `sha256` is of the source's bytes."""
    name = scan.name or source.path.stem
    case = Case(uuid.uuid4().hex[:16], name, source, sha256, scan.shape, scan.channels, scan.kind, scan.geometry)
    try:
        check_case(case.to_json(source.path.parent))
    except ValueError as error:
        raise FormatError(source.path, f"it has {error} that no image can have; convert it with another program, then add it.") from error
    return case


def _locked(folder: Path) -> tuple[Lock | None, list[str]]:
    """The lock, or the sentence why there is none."""
    try:
        lock = acquire(folder)
    except ProjectError as error:
        why = str(error).removeprefix(f"{error.path.name}: could not be saved: ")
        return None, [f"{folder.name} is shown for reading only: {why}"]
    return (None, [lock.sentence]) if isinstance(lock, LockedBy) else (lock, [])


def _read(folder: Path) -> tuple[Manifest, bytes, list[str]]:
    """The manifest, its bytes and what had to be done to get it: the second generation serves when the first is damaged."""
    path, backup = folder / MANIFEST, folder / BACKUP
    try:
        data = durable.read_bytes(path, MOST_BYTES)
        return decode(data, path), data, []
    except (durable.DamagedError, durable.MissingError) as error:
        try:
            data = durable.read_bytes(backup, MOST_BYTES)
            manifest = decode(data, backup)
        except (durable.DamagedError, durable.MissingError):
            words = "is damaged and there is no whole backup beside it; copy the folder again from where it came. Nothing was changed."
            raise ProjectError(path, words) from error
        why = f"{MANIFEST} is damaged or missing, so the state before it was opened. Labels are whole; check the cases and classes."
        return manifest, data, [why]


def _numbered(name: str) -> Iterable[str]:
    """The name, then with 2, 3 ... behind it."""
    yield name
    number = 2
    while True:
        yield f"{name} ({number})"
        number += 1
