"""The reserve: disk space that an open project holds, given up when the disk is full so that strokes still reach the journal."""

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
    """Whether the project has its reserve; it is made when missing and the disk has space for it four times over."""
    path = folder / NAME
    with contextlib.suppress(OSError):  # missing, or not to be removed: then making it fails as well
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
    """Give up the reserve of the project that a file lies in; False when there is none."""
    for folder in (path.parent, *path.parents[1:3]):  # journals lie two folders deep
        try:
            os.unlink(folder / NAME)  # noqa: PTH108
        except OSError:
            continue
        return True
    return False


def with_reserve(path: Path, action: Callable[[], Result]) -> Result:
    """Perform an action on a file, once more with the space of the reserve when the disk is full."""
    try:
        return action()
    except OSError as error:
        if error.errno not in _FULL or not release_reserve(path):
            raise
        return action()


def _allocate(path: Path) -> None:
    """Make a new file that takes SIZE bytes of the disk; OSError, and no file, where there is no space for it."""
    handle = create_file(path)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(handle, 0, SIZE)
        else:
            write_all(handle, os.urandom(BLOCK) * -(-SIZE // BLOCK))  # zeros might be packed away
            os.ftruncate(handle, SIZE)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(path)  # noqa: PTH108
        raise
    finally:
        os.close(handle)
