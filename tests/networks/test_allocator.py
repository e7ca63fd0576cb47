"""Memory that tensors gave back stays at hand, and the system gets it when asked."""

import platform

import psutil
import pytest
import torch

from unetstudio.networks.allocator import give_back, keep_freed_memory

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")

SIZE = 2**26
"""Bytes: above what glibc ever keeps by itself."""


def test_that_freed_memory_is_kept_until_it_is_given_back() -> None:
    assert keep_freed_memory()
    process = psutil.Process()
    torch.ones(SIZE, dtype=torch.uint8)
    kept = process.memory_info().rss
    give_back()
    assert process.memory_info().rss <= kept - SIZE // 2
