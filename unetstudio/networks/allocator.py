"""The memory that the C library keeps: on Linux, large tensors take up to a third longer when their pages are fetched anew each time, and
what was freed between blocks in use is not returned to the system by itself. No torch."""

from __future__ import annotations

import ctypes
import platform
import sys

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
"""Parameters of mallopt(3)."""

KEPT = 2**31 - 1
"""Free bytes at the end of the heap above which the system gets them back; what lies before a block in use stays till `give_back`."""


def keep_freed_memory() -> bool:
    """Let this process reuse what tensors gave back, and return whether its C library can, which is glibc."""
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    return bool(library.mallopt(M_MMAP_MAX, 0) and library.mallopt(M_TRIM_THRESHOLD, KEPT))


def give_back() -> bool:
    """Give the system what is free by now, which takes some milliseconds, and return whether there was any. Other C libraries than glibc
    do so by themselves."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform.startswith("linux") else None
    return trim is not None and bool(trim(0))
