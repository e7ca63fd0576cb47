"""Freed memory goes back to the system."""

from __future__ import annotations

import ctypes
import sys

import psutil
import pytest

from unetstudio.ui.memory import give_back


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="another C library gives it back itself"
)
def test_that_freed_memory_between_pieces_in_use_is_given_back() -> None:
    process = psutil.Process()
    pieces = [bytearray(60_000) for _ in range(2000)]
    full = process.memory_info().rss
    kept = pieces[::100]
    pieces.clear()
    give_back()
    assert process.memory_info().rss < full - 60_000_000
    assert len(kept) == 20
