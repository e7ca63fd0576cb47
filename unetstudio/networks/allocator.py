"""Control of the C library's allocator: on Linux, large tensors take up to a third longer when their pages are mapped anew each time, and
memory freed between blocks in use is not returned to the system by itself. No torch."""

from __future__ import annotations

import ctypes
import platform
import sys

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
"""Parameters of mallopt(3)."""

KEPT = 2**31 - 1
"""Free bytes at the end of the heap above which they are returned to the system; those before a block in use stay until `give_back`."""


def keep_freed_memory() -> bool:
    """Let this process reuse the memory of freed tensors, and return whether its C library, glibc, supports that."""
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    return bool(library.mallopt(M_MMAP_MAX, 0) and library.mallopt(M_TRIM_THRESHOLD, KEPT))


def give_back() -> bool:
    """Return free memory to the system, which takes some milliseconds, and return whether there was any. C libraries other than glibc do
    so by themselves."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform.startswith("linux") else None
    return trim is not None and bool(trim(0))
