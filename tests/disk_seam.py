"""The seam at which tests replace the disk: the `os` of every module that reads or changes a project's files."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from unetstudio.project import disk_reserve, durable, file_reading, folders, system_calls

MODULES: tuple[Any, ...] = (disk_reserve, durable, file_reading, folders, system_calls)
SMALL_RESERVE = 4096


def put(disk: Any) -> None:
    """Make all modules use `disk` as their `os`."""
    for module in MODULES:
        module.os = disk


@contextlib.contextmanager
def standing_in(disk: Any) -> Iterator[None]:
    """Replace the disk within the context, with a small reserve."""
    reserve = disk_reserve.SIZE
    put(disk)
    disk_reserve.SIZE = SMALL_RESERVE  # type: ignore[misc]
    try:
        yield
    finally:
        put(os)
        disk_reserve.SIZE = reserve  # type: ignore[misc]
