"""What lies in a folder. One that cannot be read is a ProjectError, and never passes for an empty one or for none."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from unetstudio.project.os_errors import refused

READ = "could not be read"


def names(folder: Path) -> list[Path]:
    """Files and folders in it, by name; nothing when the folder does not exist."""
    try:
        return sorted(folder / name for name in os.listdir(folder))  # noqa: PTH208 (Path.iterdir asks later)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise refused(folder, error, READ) from error


def is_there(path: Path) -> bool:
    """Whether something has this name."""
    return _found(path) is not None


def is_folder(path: Path) -> bool:
    """Whether it is a folder, also behind a link."""
    found = _found(path, follow=True)
    return found is not None and stat.S_ISDIR(found.st_mode)


def is_link(path: Path) -> bool:
    """Whether it is a link to another place."""
    found = _found(path)
    return found is not None and stat.S_ISLNK(found.st_mode)


def time_of(path: Path) -> float | None:
    """When it was last written, seconds since 1970; None when it does not exist."""
    found = _found(path)
    return None if found is None else found.st_mtime


def _found(path: Path, *, follow: bool = False) -> os.stat_result | None:
    try:
        return os.stat(path, follow_symlinks=follow)  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise refused(path, error, READ) from error
