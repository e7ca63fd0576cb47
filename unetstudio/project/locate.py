"""Location of folders and images: the folder of a new project, and the new paths of moved images."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from unetstudio.data.case import Case, Source
from unetstudio.errors import FormatError, ProjectError
from unetstudio.project import durable, folders
from unetstudio.project.manifest_file import SUFFIX, is_project

MOST_CANDIDATES = 50
"""Largest number of files with the right name that are examined."""
MOST_FOLDERS, MOST_FOLDERS_NEAR = 20_000, 2_000
"""Largest number of folders searched below those dropped on the window, and around the project."""


def default_folder(images: list[Path], documents: Path) -> Path:
    """Return a folder that does not exist yet: beside the images, or in the documents folder when that place is not writable."""
    first = images[0].absolute()
    home = first if first.is_dir() else first.parent
    name = home.name or "project"
    beside = home.parent if first.is_dir() else home
    place = beside if _is_writable(beside) else documents
    number, folder = 1, place / f"{name}{SUFFIX}"
    while os.path.lexists(folder):
        number += 1
        folder = place / f"{name} {number}{SUFFIX}"
    return folder


def _is_writable(folder: Path) -> bool:
    """Whether a folder is writable, found by writing: permissions reported for network folders are often wrong."""
    probe = folder / f".unetstudio.{secrets.token_hex(4)}{folders.TEMPORARY}"
    try:
        durable.write_bytes(probe, b"")
        folders.remove(probe)
    except ProjectError:
        return False
    return True


def project_beside(images: list[Path]) -> Path | None:
    """Return the project at the first name that `default_folder` tries, if there is one."""
    first = images[0].absolute()
    home = first if first.is_dir() else first.parent
    folder = (home.parent if first.is_dir() else home) / f"{home.name or 'project'}{SUFFIX}"
    return folder if is_project(folder) else None


def relink(case: Case, project_folder: Path, hash_of: Callable[[Source], str], more: Iterable[Path] = ()) -> Case:
    """Return the case with the current path of its source; `hash_of` returns the SHA-256 by which it is recognised.

    The longest part of its old path is searched under the folders in `more` (dropped on the window), the project, and the folders above
    it. Raise ProjectError when it is not found, or only with other bytes.
    """
    if case.source.path.exists():
        return case
    is_another = False
    for path in islice(_candidates(case.source.path, project_folder, more), MOST_CANDIDATES):
        source = Source(path, case.source.part)
        with contextlib.suppress(FormatError):  # damaged, or without such a part
            if hash_of(source) == case.sha256:
                return replace(case, source=source)
        is_another = True
    name = case.source.path
    if is_another:
        raise ProjectError(name, "was moved, and the file found under its name is another image; drop the right folder on the window.")
    raise ProjectError(name, "was moved; drop its new folder on the window.")


def _candidates(old: Path, project_folder: Path, more: Iterable[Path]) -> Iterator[Path]:
    """Yield existing paths that end as the old one does, likeliest first, each once."""
    tails = [Path(*old.parts[i:]) for i in range(1, len(old.parts))]  # longest first
    near = [project_folder.parent, project_folder, project_folder.parent.parent]
    dropped = [folder if folder.is_dir() else folder.parent for folder in more]
    yielded: set[Path] = set()
    for path in _existing(dropped, near, tails):
        if path not in yielded:
            yielded.add(path)
            yield path


def _existing(dropped: list[Path], near: list[Path], tails: list[Path]) -> Iterator[Path]:
    """Yield paths that share as much of the old path as possible, then those at any depth that share only the name."""
    for folder in (*dropped, *near):
        for tail in tails:
            if (folder / tail).exists():
                yield folder / tail
    for folder in dropped:
        yield from _below(folder, tails[-1].name, MOST_FOLDERS)
    yield from _below(near[0], tails[-1].name, MOST_FOLDERS_NEAR)


def _below(folder: Path, name: str, most: int) -> Iterator[Path]:
    """Yield files and folders of that name in at most `most` folders below a folder."""
    for place, subfolders, files in islice(os.walk(folder), most):
        subfolders[:] = sorted(f for f in subfolders if not f.startswith(".") and not f.endswith(SUFFIX))
        if name in files or name in subfolders:
            yield Path(place) / name
