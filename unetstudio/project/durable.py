"""Durable writing of a project's files: written whole, flushed, read back, then named; or not at all, with a reason.

A file appears under its name complete or not at all, even after a kill or a power cut. When the disk refuses, the old file stays as it
was, and no temporary file or open descriptor is left.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from unetstudio.errors import ProjectError
from unetstudio.project.disk_reserve import with_reserve
from unetstudio.project.folders import make_folder, temporary_name
from unetstudio.project.os_errors import disk_error
from unetstudio.project.system_calls import (
    BINARY,
    BLOCK,
    FILE_MODE,
    claim_name,
    create_file,
    flush_file,
    retry_while_busy,
    sync_folder,
    write_all,
    write_at,
)

_APPEND = os.O_WRONLY | BINARY | getattr(os, "O_NOFOLLOW", 0)  # never follow a link in a journal's place


def write_bytes(path: Path, data: bytes | memoryview, *, replace: bool = False) -> None:
    """Write a new file; with `replace` it replaces an older one, which stays until the new one is safe."""
    temporary = temporary_name(path)
    try:
        try:
            _fill(temporary, data)
            _verify(temporary, data, path)
            if replace:
                retry_while_busy(lambda: os.replace(temporary, path))  # noqa: PTH105 (one set of modules, one name for every disk call)
            elif os.path.lexists(path):
                raise ProjectError(path, "is there already and is never written over. Is another program writing to this project?")
            else:
                retry_while_busy(lambda: os.rename(temporary, path))  # noqa: PTH104
            sync_folder(path.parent)
        finally:
            with contextlib.suppress(OSError):
                os.unlink(temporary)  # noqa: PTH108
    except OSError as error:
        raise disk_error(path, error) from error


def save(path: Path, data: bytes) -> None:
    """Write or replace a file, making its folder if needed: for checkpoints and thumbnails."""
    make_folder(path.parent)
    write_bytes(path, data, replace=True)


def write_once(path: Path, data: bytes) -> float | None:
    """Write a file unless it exists, never visible half-written; return the disk's own time, None when it existed already."""
    temporary = temporary_name(path)
    try:
        try:
            _fill(temporary, data)
            now = os.stat(temporary).st_mtime  # noqa: PTH116
            if not claim_name(temporary, path):
                return None
            sync_folder(path.parent)
            return now
        finally:
            with contextlib.suppress(OSError):
                os.unlink(temporary)  # noqa: PTH108
    except OSError as error:
        raise disk_error(path, error) from error


def append(path: Path, data: bytes, at: int | None = None, over: bytes = b"") -> int:
    """Append bytes and return the new length once they are on the disk itself.

    `at` is the length the file must have (0: it must not exist yet); a file that another program changed is left alone. `over` is the end
    of the file, which is overwritten. On a full disk the project's reserve is released. When the disk refuses, the file is restored as
    far as the disk allows.
    """
    created = not os.path.lexists(path)
    try:
        flags = {0: os.O_CREAT | os.O_EXCL, None: os.O_CREAT}.get(at, 0)
        handle = with_reserve(path, lambda: os.open(path, _APPEND | flags, FILE_MODE))
        try:
            end = os.lseek(handle, 0, os.SEEK_END)
            if at is not None and end != at:
                raise ProjectError(path, "was changed by another program; nothing was written to it.")
            end -= len(over)
            try:
                with_reserve(path, lambda: write_at(handle, data, end))
                flush_file(handle, data_only=True)
                if created:
                    sync_folder(path.parent)
            except OSError:
                with contextlib.suppress(OSError):
                    os.ftruncate(handle, end)
                    write_at(handle, over, end)
                    if created:
                        os.unlink(path)  # noqa: PTH108
                raise
        finally:
            os.close(handle)
    except OSError as error:
        raise disk_error(path, error) from error
    return end + len(data)


def _fill(path: Path, data: bytes | memoryview) -> None:
    """Write a new file, flush it and close it."""
    handle = create_file(path)
    try:
        write_all(handle, data)
        flush_file(handle)
    finally:
        os.close(handle)


def _verify(path: Path, data: bytes | memoryview, target: Path) -> None:
    """Read a file back and compare it, before it gets the name `target`."""
    handle, rest, same = os.open(path, os.O_RDONLY | BINARY), memoryview(data).cast("B"), True
    try:
        while same and (part := os.read(handle, BLOCK)):
            same, rest = part == bytes(rest[: len(part)]), rest[len(part) :]  # a memoryview compares byte by byte
    finally:
        os.close(handle)
    if rest or not same:
        raise ProjectError(
            target, "could not be saved: the disk gave back other bytes than were written. Copy the project to another disk."
        )
