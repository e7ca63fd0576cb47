"""System calls for durable files, with the differences between operating systems."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

FILE_MODE, FOLDER_MODE = 0o600, 0o700
"""Permissions of a project's files and folders: this user only."""
BLOCK = 8 * 2**20
"""Number of bytes read or written at once."""
BUSY_SECONDS = 5.0
"""Seconds for which an operation on a file that another program holds open (Windows: antivirus, indexing) is retried."""
BINARY = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
_NO_LINKS_ON_WINDOWS = {1, 50}
"""Windows errors of disks without hard links (exFAT, FAT32, some shares): invalid function, not supported."""
Result = TypeVar("Result")


def create_file(path: Path) -> int:
    """Open a new file for writing; raise OSError for an existing file or link."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, FILE_MODE)


def write_all(handle: int, data: bytes | memoryview) -> None:
    """Write all bytes: a disk that fills up may take a part without an error."""
    rest = memoryview(data).cast("B")
    while rest:
        written = os.write(handle, rest[:BLOCK])
        if written <= 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        rest = rest[written:]


def write_at(handle: int, data: bytes | memoryview, offset: int) -> None:
    """Write all bytes from an offset on, overwriting what an earlier attempt may have left."""
    os.lseek(handle, offset, os.SEEK_SET)
    write_all(handle, data)


def flush_file(handle: int, *, data_only: bool = False) -> None:
    """Flush a file to the disk itself; on macOS that takes F_FULLFSYNC, since fsync stops at the drive's cache."""
    if sys.platform == "darwin":
        import fcntl

        try:
            fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
        except OSError as error:
            if error.errno not in (errno.ENOTSUP, errno.EINVAL, errno.ENOTTY):
                raise
            os.fsync(handle)
    elif data_only and hasattr(os, "fdatasync"):
        os.fdatasync(handle)
    else:
        os.fsync(handle)


def sync_folder(folder: Path) -> None:
    """Flush a folder, so that new names survive a power cut; Windows has no such call and needs none."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY | BINARY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network drives cannot
            raise
    finally:
        os.close(handle)


def claim_name(temporary: Path, path: Path) -> bool:
    """Give a file its name; return False if the name is taken."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS and getattr(error, "winerror", None) not in _NO_LINKS_ON_WINDOWS:
            raise
        try:
            handle = create_file(path)
        except FileExistsError:
            return False
        os.close(handle)
        os.replace(temporary, path)  # noqa: PTH105 (one set of modules, one name for every disk call)
    return True


def retry_while_busy(action: Callable[[], Result]) -> Result:
    """Retry an action for a while when another program holds the file (Windows errors 5 and 32)."""
    end, pause = time.monotonic() + BUSY_SECONDS, 0.01
    while True:
        try:
            return action()
        except PermissionError as error:
            if getattr(error, "winerror", None) not in (5, 32) or time.monotonic() > end:
                raise
            time.sleep(pause)
            pause = min(2 * pause, 0.5)
