"""The reason for a worker's end in words: from its exit code, and from its use of memory."""

from __future__ import annotations

import signal
from pathlib import Path

import psutil

GARBLED = 70
"""Exit code of a worker that received a message it cannot decode."""

DEVICE_LOST = 71
"""Exit code of a worker whose GPU no longer responds: only a fresh process can use it again."""

MOST = 0.5
"""Share of the computer's memory above which a killed worker is assumed to have been killed for its memory use."""

FAULTS = {0xC0000005: "access violation", 0xC00000FD: "stack overflow", 0xC0000409: "stack damaged", 0xC000001D: "illegal instruction"}
"""Windows' exit codes of crashes."""


def ended(code: int | None, memory: int, oom_kills: int) -> str:
    """Return the end of a sentence that begins with "The learner".

    `memory` is the last known use in bytes, and `oom_kills` how often the system has ended a process for lack of memory since this one was
    started.
    """
    if code is None:
        return "does not answer any more"
    if code == -getattr(signal, "SIGKILL", 9):
        return _killed(memory, oom_kills)
    if code < 0:
        return f"crashed ({_signal(-code)})"
    if code in FAULTS:
        return f"crashed ({FAULTS[code]})"
    if code == GARBLED:
        return "was sent something that it cannot understand"
    if code == DEVICE_LOST:
        return "lost the GPU"
    return f"ended by itself (exit code {code})"


def oom_kills() -> int:
    """Count the processes that the Linux kernel has killed for lack of memory since it started; 0 elsewhere."""
    try:
        lines = Path("/proc/vmstat").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


def _killed(memory: int, oom_kills: int) -> str:
    total = psutil.virtual_memory().total
    used = f"it used {memory / 2**30:.1f} of {total / 2**30:.1f} GB"
    if oom_kills > 0:
        return f"was ended by the system because memory ran out ({used}); close other programs or choose a smaller network"
    if memory > MOST * total:
        return f"was ended from outside, most likely because memory ran out ({used}); close other programs or choose a smaller network"
    return "was ended from outside (SIGKILL)"


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
