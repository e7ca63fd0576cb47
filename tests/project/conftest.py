"""Fixtures of the project tests: small strokes, a project with one case, and a disk that fails at a chosen call."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import disk_seam
import numpy as np
import pytest

from unetstudio.data.case import Case, Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.edit import Edit
from unetstudio.data.labels import LabelMap
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.data.stroke import Stroke
from unetstudio.project.project import Project, new_case

CALLS = (
    "open",
    "write",
    "read",
    "fsync",
    "fdatasync",
    "rename",
    "replace",
    "unlink",
    "link",
    "close",
    "mkdir",
    "lseek",
    "ftruncate",
    "utime",
)


class Killed(BaseException):
    """Raised by a disk that has ended the process: no later call reaches it."""


class FailingDisk:
    """An `os` for the writing modules whose n-th call fails; `short` limits the bytes that a write takes.

    `stays`: writing fails from then on. `kills`: the n-th call (a write: the first half of it) is the last that does anything.
    """

    def __init__(self, fails_at: int = 0, error: int = errno.ENOSPC, short: int = 0, stays: bool = False, kills: bool = False) -> None:
        self.fails_at, self.error, self.short, self.stays, self.kills = fails_at, error, short, stays, kills
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name not in CALLS:
            return real

        def call(*args: Any, **options: Any) -> Any:
            self.calls += 1
            if self.kills and self.calls >= self.fails_at:
                if self.calls == self.fails_at:
                    real(args[0], bytes(args[1])[: len(args[1]) // 2]) if name == "write" else real(*args, **options)
                raise Killed
            writes = name in ("write", "fsync", "fdatasync") or (name == "open" and args[1] & os.O_WRONLY)
            if self.calls == self.fails_at or (self.stays and self.calls > self.fails_at and writes):
                if name == "close":
                    real(*args)
                raise OSError(self.error, os.strerror(self.error))
            if name == "write" and self.short:
                return real(args[0], bytes(args[1])[: self.short])
            return real(*args, **options)

        return call

    @property
    def failed(self) -> bool:
        """Whether the n-th call was reached."""
        return self.calls >= self.fails_at


@pytest.fixture
def failing_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., FailingDisk]]:
    """Return a function that replaces the disk; without arguments it restores the working one."""

    def put(*args: Any, **options: Any) -> FailingDisk:
        disk = FailingDisk(*args, **options)
        disk_seam.put(disk)
        return disk

    yield put
    disk_seam.put(os)


@pytest.fixture
def killed() -> type[BaseException]:
    """Return the exception of a disk that kills."""
    return Killed


@pytest.fixture
def paint() -> Callable[[LabelMap, int], Edit]:
    """Return a function that paints the n-th stroke, always the same, on a label map of at least 8 x 8."""

    def stroke(labels: LabelMap, number: int) -> Edit:
        random = np.random.default_rng(number)
        _, height, width = labels.shape
        y, x = int(random.integers(height - 6)), int(random.integers(width - 6))
        made = Stroke(labels, number % 3, tool="brush")
        made.paint(Region((0, y, x), (1, y + 6, x + 6)), random.random((1, 6, 6)) < 0.7)
        edit = made.commit()
        assert edit is not None
        return edit

    return stroke


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """Make a case of a picture of 40 x 50 pixels beside the project."""
    image = tmp_path / "images" / "one.png"
    image.parent.mkdir()
    image.write_bytes(b"the picture")
    return new_case(Source(image), Scan(np.zeros((1, 1, 40, 50), np.uint8), name="one"), "0" * 64)


@pytest.fixture
def project(tmp_path: Path, case: Case) -> Iterator[Project]:
    """Make and save a project with two classes and one case, open for writing."""
    with Project.create(tmp_path / "study.unetstudio", ClassTable.named(["background", "cell"], [(0, 0, 0), (200, 30, 30)])) as made:
        made.add_cases([case])
        made.save()
        yield made
