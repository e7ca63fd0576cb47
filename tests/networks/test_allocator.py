"""Memory that tensors gave back stays at hand, and the system gets it when asked."""

import ctypes
import platform
import subprocess
import sys

import psutil
import pytest
import torch

from unetstudio.networks.allocator import give_back, keep_freed_memory

glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")

SIZE = 2**26
"""Bytes: above what glibc ever keeps by itself."""


@glibc
def test_that_freed_memory_is_kept_until_it_is_given_back() -> None:
    assert keep_freed_memory()
    process = psutil.Process()
    torch.ones(SIZE, dtype=torch.uint8)
    kept = process.memory_info().rss
    give_back()
    assert process.memory_info().rss <= kept - SIZE // 2


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


def test_that_the_window_can_give_memory_back_without_torch() -> None:
    code = "import sys, unetstudio.networks.allocator; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
