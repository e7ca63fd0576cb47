"""Fixtures of the fault tests: a recorded day with a project, and a fast folder to rebuild disks in."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from faults.judge import Promises, fault
from faults.remains import Disk
from faults.story import NAME, Story, tell
from faults.trace import Operation, recording

MEMORY = Path("/dev/shm")


@dataclass(frozen=True)
class Told:
    """The recorded disk changes of a day, with the marks of its promises."""

    operations: list[Operation]
    story: Story


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Path]:
    """Return a folder in memory if the system has one."""
    if not (MEMORY.is_dir() and os.access(MEMORY, os.W_OK)):
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp(prefix="unetstudio-faults-", dir=MEMORY))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def told(quick: Path) -> Told:
    """Record the day."""
    (quick / "told").mkdir()
    with recording(quick / "told") as recorder:
        story = tell(quick / "told" / NAME, recorder.mark)
    return Told(recorder.operations, story)


@pytest.fixture
def opened(quick: Path) -> Callable[[Disk, Story, Promises], str]:
    """Return a function that lays out a disk, opens the project on it, and returns the fault, or ""."""

    def judge(disk: Disk, story: Story, promised: Promises) -> str:
        place = quick / "left" / "here"
        disk.lay_out(place)
        try:
            return fault(place / NAME, story, promised)
        finally:
            shutil.rmtree(quick / "left")

    return judge
