"""Listing of folders and file status. What cannot be read is a ProjectError, and never passes for empty or missing."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from unetstudio.project.os_errors import NOT_READ, disk_error


def list_folder(folder: Path) -> list[Path]:
    """Return the files and folders in it, by name; nothing when the folder does not exist."""
    try:
        return sorted(folder / name for name in os.listdir(folder))  # noqa: PTH208 (Path.iterdir asks later)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise disk_error(folder, error, NOT_READ) from error


def exists(path: Path) -> bool:
    """Whether something has this name."""
    return _status(path) is not None


def is_folder(path: Path) -> bool:
    """Whether it is a folder, also behind a link."""
    status = _status(path, follow=True)
    return status is not None and stat.S_ISDIR(status.st_mode)


def is_link(path: Path) -> bool:
    """Whether it is a link to another place."""
    status = _status(path)
    return status is not None and stat.S_ISLNK(status.st_mode)


def modified_at(path: Path) -> float | None:
    """Return when it was last written, seconds since 1970; None when it does not exist."""
    status = _status(path)
    return None if status is None else status.st_mtime


def _status(path: Path, *, follow: bool = False) -> os.stat_result | None:
    try:
        return os.stat(path, follow_symlinks=follow)  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise disk_error(path, error, NOT_READ) from error
