"""How the memory of large tensors is got and given back on Linux: pages fetched anew for each of them cost up to a third of the time."""

from __future__ import annotations

import ctypes
import platform

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
"""Of mallopt(3)."""

KEPT = 2**31 - 1
"""Free bytes at the end of the heap above which the system gets them back; what lies before a block in use stays till `give_back`."""


def keep_freed_memory() -> bool:
    """Lets this process reuse what tensors gave back; whether its C library can, which is glibc."""
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    return bool(library.mallopt(M_MMAP_MAX, 0) and library.mallopt(M_TRIM_THRESHOLD, KEPT))


def give_back() -> bool:
    """Gives the system what is free by now; whether there was any."""
    return platform.libc_ver()[0] == "glibc" and bool(ctypes.CDLL(None).malloc_trim(0))
