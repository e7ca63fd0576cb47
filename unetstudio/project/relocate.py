"""Copying of a whole project to another folder when its own disk fails; the original project is only read."""

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

COPIED = ("cases", "checkpoints", "runs", "cache")
"""The copied folders of a project; project.json is written anew, the lock and the reserve are not copied."""


@dataclass(frozen=True)
class CopyProgress:
    """The number of copied files; `unread` is a file that could not be read, or None."""

    done: int
    total: int
    unread: Path | None = None


def free_folder(parent: Path, name: str) -> Path:
    """Return a folder for a project of this name that does not exist yet."""
    number, folder = 1, parent / f"{name}{SUFFIX}"
    while os.path.lexists(folder):
        number += 1
        folder = parent / f"{name} {number}{SUFFIX}"
    return folder


def copy_files(folder: Path, target: Path) -> Generator[CopyProgress, None, None]:
    """Copy files that are missing or older in `target`; report and skip files that cannot be read.

    A second run, while nothing is written, copies only what was added since. Raise ProjectError when `target` cannot be written.
    """
    folders.make_folder(target)
    files = _files(folder)
    for done, file in enumerate(files, start=1):
        place = target / file.relative_to(folder)
        try:
            data = None if _is_current(file, place) else read_bytes(file)
        except ProjectError:
            yield CopyProgress(done, len(files), file)
            continue
        if data is not None:
            folders.make_folder(place.parent)
            durable.write_bytes(place, data, replace=True)
        yield CopyProgress(done, len(files))


def open_copy(project: Project, target: Path) -> Project:
    """Open the copy for writing, with settings and author as `project` has them in memory; raise ProjectError when it cannot be written."""
    for place in _files(target):
        if project.folder.is_dir() and not (project.folder / place.relative_to(target)).exists():
            folders.remove(place)  # moved within the project since it was copied
    durable.write_bytes(target / MANIFEST, encode(project.manifest, target), replace=True)
    copy = Project.open(target)
    if copy.read_only:
        raise ProjectError(target, "could not be opened for writing; choose another folder.")
    copy.author = project.author
    return copy


def move_open_case(copy: Project, case_id: str, labels: LabelMap) -> tuple[LabelStore, LabelMap]:
    """Open a case in a copy of the project with the labels in memory, even if their files were unreadable."""
    store = copy.store(case_id)
    try:
        copied = store.load(labels.shape).labels
    except ProjectError:
        folders.move(copy.folder_of(case_id), copy.folder_of(case_id).with_name(f"{case_id}.incomplete"))
        store = copy.store(case_id)
        copied = store.load(labels.shape).labels
    missing = _difference(copied, labels)
    if missing is not None:
        store.append(Kind.EDIT, missing)
    return store, LabelMap(labels.values.copy(), labels.origin.copy())


def _difference(old: LabelMap, new: LabelMap) -> Edit | None:
    """Return the Edit that turns the old label map into the new one of the same shape; None when they are equal."""
    mask = (old.values != new.values) | (old.origin != new.origin)
    region = tight(mask)
    if region.empty:
        return None
    changed = mask[region.slices]
    parts = (array[region.slices][changed] for array in (old.values, new.values, old.origin, new.origin))
    before, after, before_origin, after_origin = parts
    return Edit.of(region, changed, before, after, before_origin, after_origin, tool="saved elsewhere", value=UNLABELLED)


def _files(folder: Path) -> list[Path]:
    """List the project's files, without links and temporary files."""
    files = []
    for part in COPIED:
        for place, _, names in os.walk(folder / part):
            files += [Path(place) / name for name in sorted(names) if not name.endswith(folders.TEMPORARY)]
    return [file for file in files if file.is_file() and not file.is_symlink()]


def _is_current(file: Path, place: Path) -> bool:
    try:
        old, new = file.stat(), place.stat()
        return new.st_size == old.st_size and new.st_mtime >= old.st_mtime
    except OSError:
        return False
