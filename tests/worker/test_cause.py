"""The reasons for a worker's end, in words."""

from __future__ import annotations

import psutil
import pytest

from unetstudio.worker.cause import DEVICE_LOST, GARBLED, ended


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (0, "ended by itself (exit code 0)"),
        (1, "ended by itself (exit code 1)"),
        (-11, "crashed (SIGSEGV)"),
        (-6, "crashed (SIGABRT)"),
        (-99, "crashed (signal 99)"),
        (-9, "was ended from outside (SIGKILL)"),
        (0xC0000005, "crashed (access violation)"),
        (GARBLED, "was sent something that it cannot understand"),
        (DEVICE_LOST, "lost the GPU"),
        (None, "does not answer any more"),
    ],
)
def test_that_exit_codes_are_put_into_words(code: int | None, said: str) -> None:
    assert ended(code, 0, 0) == said


def test_that_want_of_memory_is_named_when_the_system_has_ended_a_process_for_it() -> None:
    assert "ended by the system because memory ran out (it used 3.0 of" in ended(-9, 3 * 2**30, 1)


def test_that_want_of_memory_is_only_supposed_when_much_was_used() -> None:
    assert "most likely because memory ran out" in ended(-9, psutil.virtual_memory().total * 3 // 4, 0)
