"""Atomic replacement of files outside projects: exports, settings, checkpoints of the command line.

A file is written under a temporary name in the same folder, which is then renamed: readers see the old file or the whole new one. Files
inside a project go through `project/durable.py`, which promises more.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from unetstudio.errors import FormatError

TEMPORARY = ".part"
"""Suffix of a file that is still being written."""
BUSY_SECONDS = 2.0
"""Seconds for which a file that another program holds open is tried again."""

_REASONS = {
    errno.ENOSPC: "the disk is full; free some space or choose another folder.",
    errno.EDQUOT: "your share of the disk is used up; free some space or choose another folder.",
    errno.EACCES: "this folder may not be written to; choose another one.",
    errno.EPERM: "this folder may not be written to; choose another one.",
    errno.EROFS: "this folder may not be written to; choose another one.",
    errno.ENOENT: "the folder does not exist; make it or choose another one.",
    errno.ENOTDIR: "the folder does not exist; make it or choose another one.",
    errno.EISDIR: "a folder of this name is in the way; choose another name.",
    errno.ENAMETOOLONG: "the name is too long for this disk; choose a shorter one.",
}


def replace_file(path: Path, data: bytes, *, parents: bool = False, flush: bool = True) -> None:
    """Write `data` as `path`; after a failure the file is what it was before, and a FormatError says why.

    `parents` makes missing folders. Without `flush` a power cut may leave the file empty: for settings written on the GUI thread, which
    must not wait for the disk.
    """
    if parents:
        make_folder(path.parent)
    with replacing(path, flush=flush) as file:
        file.write(data)


@contextmanager
def replacing(path: Path, *, flush: bool = True) -> Iterator[BinaryIO]:
    """Yield a file to write to, which becomes `path` at the end; after a failure `path` is what it was before."""
    temporary = path.with_name(f".{secrets.token_hex(6)}{TEMPORARY}")
    try:
        try:
            with temporary.open("xb") as file:  # always a new file: a link in its place is not followed
                yield file
                file.flush()
                if flush:
                    os.fsync(file.fileno())
            _rename(temporary, path)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
    except OSError as error:
        raise write_error(path, error) from error


def _rename(temporary: Path, path: Path) -> None:
    """Rename a file; while another program holds the old one open on Windows (an antivirus, a spreadsheet), try for a while."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            temporary.replace(path)
        except PermissionError as error:
            if not _is_held(error) or time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def _is_held(error: OSError) -> bool:
    """Whether another program holds the file open, which only Windows minds."""
    return getattr(error, "winerror", None) in (5, 32, 33)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it; FormatError says why it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise FormatError(folder, "a file of this name is in the way; choose another folder.") from None
    except OSError as error:
        raise FormatError(folder, f"the folder cannot be made ({error.strerror}); choose another one.") from error


def write_error(path: Path, error: OSError) -> FormatError:
    """Return the error that says why a file cannot be written, and what to do."""
    if _is_held(error) and path.exists():
        return FormatError(path, "another program has it open, such as a spreadsheet; close it there and try again.")
    return FormatError(path, _REASONS.get(error.errno or 0, f"it cannot be written ({error.strerror}); choose another folder."))
