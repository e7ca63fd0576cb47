"""The reserve: disk space that an open project holds and releases when the disk is full, so that strokes still reach the journal."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from unetstudio.project.disk_space import free_bytes
from unetstudio.project.system_calls import BLOCK, create_file, write_all

NAME, SIZE = ".reserve", 16 * 2**20
_FULL = {errno.ENOSPC, errno.EDQUOT}
Result = TypeVar("Result")


def hold_reserve(folder: Path) -> bool:
    """Make the project's reserve if it is missing and the disk has four times its space free; return whether there is one."""
    path = folder / NAME
    with contextlib.suppress(OSError):  # missing, or not removable: then making it fails too
        status = os.lstat(path)
        if status.st_size == SIZE and getattr(status, "st_blocks", 2**40) * 512 >= SIZE:
            return True
        os.unlink(path)  # noqa: PTH108 (one set of modules, one name for every disk call)
    free = free_bytes(folder)
    if free is None or free < 4 * SIZE:
        return False
    try:
        _allocate(path)
    except OSError:
        return False
    return True


def release_reserve(path: Path) -> bool:
    """Release the reserve of the project that contains a file; False when there is none."""
    for folder in (path.parent, *path.parents[1:3]):  # journals lie two folders deep
        try:
            os.unlink(folder / NAME)  # noqa: PTH108
        except OSError:
            continue
        return True
    return False


def with_reserve(path: Path, action: Callable[[], Result]) -> Result:
    """Perform an action on a file; when the disk is full, release the reserve and try again."""
    try:
        return action()
    except OSError as error:
        if error.errno not in _FULL or not release_reserve(path):
            raise
        return action()


def _allocate(path: Path) -> None:
    """Make a new file that takes SIZE bytes of the disk; raise OSError, and leave no file, when there is no space for it."""
    handle = create_file(path)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(handle, 0, SIZE)
        else:
            write_all(handle, os.urandom(BLOCK) * -(-SIZE // BLOCK))  # zeros might be compressed
            os.ftruncate(handle, SIZE)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(path)  # noqa: PTH108
        raise
    finally:
        os.close(handle)
