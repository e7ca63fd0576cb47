"""A copy of a whole project in another folder, for when its own disk takes no more; the project it came from is only read."""

from __future__ import annotations

import os
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from unetstudio.data.edit import Edit
from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.region import tight
from unetstudio.errors import ProjectError
from unetstudio.project import durable, folders
from unetstudio.project.file_reading import read_bytes
from unetstudio.project.manifest import encode
from unetstudio.project.manifest_file import MANIFEST, SUFFIX
from unetstudio.project.project import Project
from unetstudio.project.record import Kind
from unetstudio.project.store import LabelStore

HOLDS = ("cases", "checkpoints", "runs", "cache")
"""What a project's folder holds besides project.json, which is written anew, the lock and the reserve."""


@dataclass(frozen=True)
class Copied:
    """So many files of the project are in their new place; `unread` is the file that could not be read, or None."""

    done: int
    total: int
    unread: Path | None = None


def free_folder(parent: Path, name: str) -> Path:
    """A folder for a project of this name that does not exist yet."""
    number, folder = 1, parent / f"{name}{SUFFIX}"
    while os.path.lexists(folder):
        number += 1
        folder = parent / f"{name} {number}{SUFFIX}"
    return folder


def copied(folder: Path, target: Path) -> Generator[Copied, None, None]:
    """Copies what is missing in `target` or newer than there; a file that cannot be read is told and left out.

    Run a second time, while nobody writes, it copies just what was added meanwhile. ProjectError when `target` takes no more.
    """
    folders.make_folder(target)
    found = list(_files(folder))
    for done, file in enumerate(found, start=1):
        place = target / file.relative_to(folder)
        try:
            data = None if _same(file, place) else read_bytes(file)
        except ProjectError:
            yield Copied(done, len(found), file)
            continue
        if data is not None:
            folders.make_folder(place.parent)
            durable.write_bytes(place, data, replace=True)
        yield Copied(done, len(found))


def opened(project: Project, target: Path) -> Project:
    """The copy, open for writing, with the settings as `project` has them in memory; ProjectError when it cannot be written."""
    for place in _files(target):
        if project.folder.is_dir() and not (project.folder / place.relative_to(target)).exists():
            folders.remove(place)  # moved within the project meanwhile
    durable.write_bytes(target / MANIFEST, encode(project.manifest, target), replace=True)
    copy = Project.open(target)
    if copy.read_only:
        raise ProjectError(target, "could not be opened for writing; choose another folder.")
    return copy


def taken_along(copy: Project, case_id: str, labels: LabelMap) -> tuple[LabelStore, LabelMap]:
    """The open case in a copy of the project, with labels as they are in memory, also where the files that held them were unreadable."""
    fresh = copy.store(case_id)
    try:
        found = fresh.load(labels.shape).labels
    except ProjectError:
        folders.move(copy.folder_of(case_id), copy.folder_of(case_id).with_name(f"{case_id}.incomplete"))
        fresh = copy.store(case_id)
        found = fresh.load(labels.shape).labels
    missing = _difference(found, labels)
    if missing is not None:
        fresh.append(Kind.EDIT, missing)
    return fresh, LabelMap(labels.values.copy(), labels.origin.copy())


def _difference(old: LabelMap, new: LabelMap) -> Edit | None:
    """The Edit that makes one label map of another of the same shape; None when they are equal."""
    mask = (old.values != new.values) | (old.origin != new.origin)
    region = tight(mask)
    if region.empty:
        return None
    chosen = mask[region.slices]
    parts = (array[region.slices][chosen] for array in (old.values, new.values, old.origin, new.origin))
    before, after, before_origin, after_origin = parts
    return Edit.of(region, chosen, before, after, before_origin, after_origin, tool="saved elsewhere", value=UNLABELLED)


def _files(folder: Path) -> list[Path]:
    """The project's files, without links and what a killed program left."""
    found = []
    for part in HOLDS:
        for place, _, names in os.walk(folder / part):
            found += [Path(place) / name for name in sorted(names) if not name.endswith(folders.TEMPORARY)]
    return [file for file in found if file.is_file() and not file.is_symlink()]


def _same(file: Path, place: Path) -> bool:
    try:
        old, new = file.stat(), place.stat()
        return new.st_size == old.st_size and new.st_mtime >= old.st_mtime
    except OSError:
        return False
