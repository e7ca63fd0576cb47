"""Durable changes of a project's folders: making, moving and removing of files and folders."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path

from unetstudio.errors import ProjectError
from unetstudio.project import file_listing
from unetstudio.project.os_errors import disk_error
from unetstudio.project.system_calls import FOLDER_MODE, retry_while_busy, sync_folder

TEMPORARY = ".tmp"
"""Suffix of a file that is being written."""


def temporary_name(path: Path) -> Path:
    """Return a new hidden name beside a file, under which it is written first."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}{TEMPORARY}")


def make_folder(folder: Path, *, within: Path | None = None) -> None:
    """Make a folder and those above it, readable by this user only; it may exist already.

    `within`, such as the project's, is never made: raise MissingError when it is gone, since a project that was moved away may come back.
    """
    missing = [f for f in (folder, *folder.parents) if (within is None or within in f.parents) and not os.path.lexists(f)]
    try:
        for new in reversed(missing):
            with contextlib.suppress(FileExistsError):
                os.mkdir(new, FOLDER_MODE)  # noqa: PTH102 (one set of modules, one name for every disk call)
            sync_folder(new.parent)
        if not stat.S_ISDIR(os.stat(folder).st_mode):  # noqa: PTH116
            raise ProjectError(folder, "is a file, not a folder; move it away or choose another place.")
    except OSError as error:
        raise disk_error(folder, error, "could not be made") from error


def move(path: Path, target: Path) -> None:
    """Rename a file or folder on the same disk; never overwrite another one."""
    try:
        if os.path.lexists(target):
            raise ProjectError(target, "is there already and is never written over.")
        retry_while_busy(lambda: os.rename(path, target))  # noqa: PTH104
        sync_folder(target.parent)
        if target.parent != path.parent:
            sync_folder(path.parent)
    except OSError as error:
        raise disk_error(path, error, "could not be moved") from error


def remove(path: Path, *, for_good: bool = False) -> None:
    """Delete a file, which may be missing. A power cut may bring it back, unless `for_good` flushes the folder."""
    try:
        with contextlib.suppress(FileNotFoundError):
            retry_while_busy(lambda: os.unlink(path))  # noqa: PTH108
            if for_good:
                sync_folder(path.parent)
    except OSError as error:
        raise disk_error(path, error, "could not be deleted") from error


def touch(path: Path) -> None:
    """Set a file's time to now."""
    try:
        os.utime(path)
    except OSError as error:
        raise disk_error(path, error, "could not be refreshed") from error


def remove_temporary_files(folder: Path, *names: str) -> None:
    """Delete temporary files that a killed program left, for files whose names begin with one of `names` (by default all).

    Call it only as the single writer of these files: the worker may be writing a prediction in the folder of the window's labels.
    """
    prefixes = tuple(f".{name}" for name in names or ("",))
    for path in file_listing.list_folder(folder):
        if path.name.startswith(prefixes) and path.suffix == TEMPORARY:
            remove(path)
