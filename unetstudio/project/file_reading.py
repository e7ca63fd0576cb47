"""Reading of a project's files whole into memory."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import psutil

from unetstudio.errors import ProjectError
from unetstudio.project.os_errors import NOT_READ, disk_error
from unetstudio.project.system_calls import BINARY, BLOCK, retry_while_busy

SMALL = 256 * 2**20
"""Bytes that are read without a check of the free memory."""

_FLAGS = os.O_RDONLY | BINARY | getattr(os, "O_NONBLOCK", 0)  # a pipe in a file's place must not block


def read_bytes(path: Path, most: int = 0) -> bytes:
    """Read the whole file and close it before it is parsed; raise MissingError when it does not exist.

    Raise ProjectError for a pipe or device in a file's place, and for more than `most` bytes (0: more than memory allows).
    """
    try:
        handle = retry_while_busy(lambda: os.open(path, _FLAGS))
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise ProjectError(path, "is not a file; copy the project's folder again from where it came.")
            if status.st_size > (most or SMALL) and status.st_size > (most or 0.8 * psutil.virtual_memory().available):
                raise ProjectError(path, f"is too large to be read ({status.st_size / 1e9:,.1f} GB); it was not written by this program.")
            parts = []
            while part := os.read(handle, BLOCK):
                parts.append(part)
        finally:
            os.close(handle)
    except OSError as error:
        raise disk_error(path, error, NOT_READ) from error
    return b"".join(parts)
