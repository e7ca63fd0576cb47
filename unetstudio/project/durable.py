"""The one way bytes reach the disk: written whole, flushed, read back, then named; or not at all, with a sentence that says why.

A file appears under its name complete or not at all, also after a kill or a power cut. What is refused by the disk leaves the old file
as it was, no temporary file and no open descriptor behind.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psutil

from unetstudio.errors import ProjectError
from unetstudio.project import file_listing
from unetstudio.project.os_errors import DamagedError as DamagedError  # noqa: PLC0414 (what reading and writing here end in)
from unetstudio.project.os_errors import MissingError as MissingError  # noqa: PLC0414
from unetstudio.project.os_errors import refused

FILE_MODE, FOLDER_MODE = 0o600, 0o700
BLOCK = 8 * 2**20
SMALL = 256 * 2**20
"""Bytes that are read without asking for memory."""
TEMPORARY = ".tmp"
RESERVE, RESERVE_BYTES = ".reserve", 16 * 2**20
"""Room that an open project holds, and gives up when the disk is full so that strokes still reach the journal (see `disk`)."""
PATIENCE = 5.0
"""Seconds for which a file that another program holds open (Windows: antivirus, indexing) is tried again."""

_BINARY = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_APPEND = os.O_WRONLY | _BINARY | getattr(os, "O_NOFOLLOW", 0)  # a link in a journal's place leads to no file of ours
_READ = _BINARY | getattr(os, "O_NONBLOCK", 0)  # a pipe in a file's place must not make us wait
_FULL = {errno.ENOSPC, errno.EDQUOT}
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
Result = TypeVar("Result")


def write_bytes(path: Path, data: bytes | memoryview, *, replace: bool = False) -> None:
    """A new file with these bytes; with `replace`, instead of an older one, which stays until the new one is safe."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{TEMPORARY}")
    try:
        try:
            _fill(temporary, data)
            _compare(temporary, data, path)
            if replace:
                _patiently(lambda: os.replace(temporary, path))  # noqa: PTH105 (one module, one name for every disk call)
            elif os.path.lexists(path):
                raise ProjectError(path, "is there already and is never written over. Is another program writing to this project?")
            else:
                _patiently(lambda: os.rename(temporary, path))  # noqa: PTH104
            _sync_folder(path.parent)
        finally:
            with contextlib.suppress(OSError):
                os.unlink(temporary)  # noqa: PTH108
    except OSError as error:
        raise refused(path, error) from error


def save(path: Path, data: bytes) -> None:
    """A file that may stand already, in a folder that may not: what checkpoints and thumbnails are handed to."""
    make_folder(path.parent)
    write_bytes(path, data, replace=True)


def write_once(path: Path, data: bytes) -> float | None:
    """A file that nobody else has made, complete from its first instant; returns the disk's own time, None when it was there already."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{TEMPORARY}")
    try:
        try:
            _fill(temporary, data)
            now = os.stat(temporary).st_mtime  # noqa: PTH116
            if not _link(temporary, path):
                return None
            _sync_folder(path.parent)
            return now
        finally:
            with contextlib.suppress(OSError):
                os.unlink(temporary)  # noqa: PTH108
    except OSError as error:
        raise refused(path, error) from error


def append(path: Path, data: bytes, at: int | None = None, over: bytes = b"") -> int:
    """Adds bytes at the end and returns the new length once they are on the disk itself.

    `at` is the length the file must have (0: it must not exist yet); a file that another program changed is left alone. `over` is what
    stands at its end and is written over. A full disk gets the project's reserve. When the disk refuses, the file is made what it was as
    far as the disk allows.
    """
    created = not os.path.lexists(path)
    try:
        making = {0: os.O_CREAT | os.O_EXCL, None: os.O_CREAT}.get(at, 0)
        handle = _relieved(path, lambda: os.open(path, _APPEND | making, FILE_MODE))
        try:
            end = os.lseek(handle, 0, os.SEEK_END)
            if at is not None and end != at:
                raise ProjectError(path, "was changed by another program; nothing was written to it.")
            end -= len(over)
            try:
                _relieved(path, lambda: _write_at(handle, data, end))
                _flush(handle, data_only=True)
                if created:
                    _sync_folder(path.parent)
            except OSError:
                with contextlib.suppress(OSError):
                    os.ftruncate(handle, end)
                    _write_at(handle, over, end)
                    if created:
                        os.unlink(path)  # noqa: PTH108
                raise
        finally:
            os.close(handle)
    except OSError as error:
        raise refused(path, error) from error
    return end + len(data)


def read_bytes(path: Path, most: int = 0) -> bytes:
    """The whole file, closed again before anything looks at it; MissingError when it does not exist.

    A pipe or device in a file's place, and a file of more than `most` bytes (0: than the memory takes), are a ProjectError.
    """
    try:
        handle = _patiently(lambda: os.open(path, os.O_RDONLY | _READ))
        try:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                raise ProjectError(path, "is not a file; copy the project's folder again from where it came.")
            if found.st_size > (most or SMALL) and found.st_size > (most or 0.8 * psutil.virtual_memory().available):
                raise ProjectError(path, f"is too large to be read ({found.st_size / 1e9:,.1f} GB); it was not written by this program.")
            parts = []
            while part := os.read(handle, BLOCK):
                parts.append(part)
        finally:
            os.close(handle)
    except OSError as error:
        raise refused(path, error, "could not be read") from error
    return b"".join(parts)


def remove(path: Path, *, for_good: bool = False) -> None:
    """Deletes a file; one that is gone already is fine. A power cut may bring it back, unless it is `for_good` when this returns."""
    try:
        with contextlib.suppress(FileNotFoundError):
            _patiently(lambda: os.unlink(path))  # noqa: PTH108
            if for_good:
                _sync_folder(path.parent)
    except OSError as error:
        raise refused(path, error, "could not be deleted") from error


def move(path: Path, target: Path) -> None:
    """Renames a file or folder on the same disk; never onto another one."""
    try:
        if os.path.lexists(target):
            raise ProjectError(target, "is there already and is never written over.")
        _patiently(lambda: os.rename(path, target))  # noqa: PTH104
        _sync_folder(target.parent)
        if target.parent != path.parent:
            _sync_folder(path.parent)
    except OSError as error:
        raise refused(path, error, "could not be moved") from error


def make_folder(folder: Path, *, within: Path | None = None) -> None:
    """The folder and those above it, for this user's eyes only; there already is fine.

    `within`, such as the project's, is never made: MissingError when it is gone, for what was moved away shall find its place free.
    """
    missing = [f for f in (folder, *folder.parents) if (within is None or within in f.parents) and not os.path.lexists(f)]
    try:
        for new in reversed(missing):
            with contextlib.suppress(FileExistsError):
                os.mkdir(new, FOLDER_MODE)  # noqa: PTH102
            _sync_folder(new.parent)
        if not stat.S_ISDIR(os.stat(folder).st_mode):  # noqa: PTH116
            raise ProjectError(folder, "is a file, not a folder; move it away or choose another place.")
    except OSError as error:
        raise refused(folder, error, "could not be made") from error


def touch(path: Path) -> None:
    """Sets the file's time to now."""
    try:
        os.utime(path)
    except OSError as error:
        raise refused(path, error, "could not be refreshed") from error


def allocate(path: Path, size: int) -> None:
    """A new file that takes `size` bytes of the disk; ProjectError, and no file, where there is no room for it."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, FILE_MODE)
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(handle, 0, size)
            else:
                _write(handle, os.urandom(BLOCK) * -(-size // BLOCK))  # zeros might be packed away
                os.ftruncate(handle, size)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(path)  # noqa: PTH108
            raise
        finally:
            os.close(handle)
    except OSError as error:
        raise refused(path, error, "could not be made") from error


def release_reserve(path: Path) -> bool:
    """Gives up the reserve of the project that a file lies in; False when there is none."""
    for folder in (path.parent, *path.parents[1:3]):  # journals lie two folders deep
        try:
            os.unlink(folder / RESERVE)  # noqa: PTH108
        except OSError:
            continue
        return True
    return False


def sweep(folder: Path, *names: str) -> None:
    """Deletes temporary files that a killed program left, of files whose names begin so (of all without `names`).

    Only for who alone writes these: the worker may be in the midst of a prediction in the folder where the window looks for labels.
    """
    beginnings = tuple(f".{name}" for name in names or ("",))
    for left in file_listing.names(folder):
        if left.name.startswith(beginnings) and left.suffix == TEMPORARY:
            remove(left)


def _fill(path: Path, data: bytes | memoryview) -> None:
    """A new file with these bytes, flushed and closed."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, FILE_MODE)
    try:
        _write(handle, data)
        _flush(handle)
    finally:
        os.close(handle)


def _write(handle: int, data: bytes | memoryview) -> None:
    """All of it: a disk that fills up takes a part and reports no error."""
    rest = memoryview(data).cast("B")
    while rest:
        written = os.write(handle, rest[:BLOCK])
        if written <= 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        rest = rest[written:]


def _write_at(handle: int, data: bytes | memoryview, at: int) -> None:
    """From an offset on, over what an attempt before may have left there."""
    os.lseek(handle, at, os.SEEK_SET)
    _write(handle, data)


def _relieved(path: Path, action: Callable[[], Result]) -> Result:
    """Once more with the room of the reserve when the disk is full."""
    try:
        return action()
    except OSError as error:
        if error.errno not in _FULL or not release_reserve(path):
            raise
        return action()


def _flush(handle: int, *, data_only: bool = False) -> None:
    """To the disk itself; on macOS fsync stops at the drive's cache, F_FULLFSYNC does not."""
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


def _sync_folder(folder: Path) -> None:
    """Makes new names in a folder last; Windows has no such call and needs none."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY | _BINARY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network drives cannot
            raise
    finally:
        os.close(handle)


def _compare(path: Path, data: bytes | memoryview, wanted: Path) -> None:
    """Reads the file back and compares it, before it gets its name."""
    handle, rest, same = os.open(path, os.O_RDONLY | _BINARY), memoryview(data).cast("B"), True
    try:
        while same and (part := os.read(handle, BLOCK)):
            same, rest = part == bytes(rest[: len(part)]), rest[len(part) :]  # a memoryview compares byte by byte
    finally:
        os.close(handle)
    if rest or not same:
        raise ProjectError(
            wanted, "could not be saved: the disk gave back other bytes than were written. Copy the project to another disk."
        )


def _link(temporary: Path, path: Path) -> bool:
    """Gives a file its name unless the name is taken."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, FILE_MODE)
        except FileExistsError:
            return False
        os.close(handle)
        os.replace(temporary, path)  # noqa: PTH105
    return True


def _patiently(action: Callable[[], Result]) -> Result:
    """Tries again for a while when another program holds the file (Windows errors 5 and 32)."""
    end, pause = time.monotonic() + PATIENCE, 0.01
    while True:
        try:
            return action()
        except PermissionError as error:
            if getattr(error, "winerror", None) not in (5, 32) or time.monotonic() > end:
                raise
            time.sleep(pause)
            pause = min(2 * pause, 0.5)
