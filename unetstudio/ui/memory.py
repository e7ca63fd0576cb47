"""Memory that was freed, given back to the system: the C library keeps much of it, and a day of opening cases would add up."""

from __future__ import annotations

import ctypes
import sys


def give_back() -> None:
    """Takes some milliseconds; for the disk thread. Does nothing where the C library has no word for it."""
    if sys.platform.startswith("linux"):
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
