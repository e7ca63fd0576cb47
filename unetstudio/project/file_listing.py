"""Listing of folders and file status. Unreadable folders raise ProjectError, and are never taken for empty or missing."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from unetstudio.project.os_errors import NOT_READ, disk_error


def list_folder(folder: Path) -> list[Path]:
    """Return the files and folders in a folder, by name; nothing when it does not exist."""
    try:
        return sorted(folder / name for name in os.listdir(folder))  # noqa: PTH208 (Path.iterdir is lazy)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise disk_error(folder, error, NOT_READ) from error


def exists(path: Path) -> bool:
    """Whether a file, folder or link has this name."""
    return _status(path) is not None


def is_folder(path: Path) -> bool:
    """Whether a path is a folder, or a link to one."""
    status = _status(path, follow=True)
    return status is not None and stat.S_ISDIR(status.st_mode)


def is_link(path: Path) -> bool:
    """Whether a path is a symbolic link."""
    status = _status(path)
    return status is not None and stat.S_ISLNK(status.st_mode)


def modified_at(path: Path) -> float | None:
    """Return a file's modification time, seconds since 1970; None when it does not exist."""
    status = _status(path)
    return None if status is None else status.st_mtime


def _status(path: Path, *, follow: bool = False) -> os.stat_result | None:
    try:
        return os.stat(path, follow_symlinks=follow)  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise disk_error(path, error, NOT_READ) from error
