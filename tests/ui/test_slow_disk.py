"""Disks whose flush takes long: what waits is flushed together, the status says how long, and a copy goes to another disk."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from unetstudio.project import durable, rescue
from unetstudio.project.store import read_labels
from unetstudio.tools.tool import Pointer
from unetstudio.ui import saving
from unetstudio.ui.session import Session

pytestmark = pytest.mark.skipif(not hasattr(os, "fdatasync"), reason="this system flushes in another way")


class SlowDisk:
    """Flushes only while it may."""

    def __init__(self) -> None:
        self.free = threading.Event()
        self.flushes = 0
        self._flush = os.fdatasync

    def fdatasync(self, handle: int) -> None:
        self.flushes += 1
        assert self.free.wait(30)
        self._flush(handle)


@pytest.fixture
def disk(opened: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowDisk]:
    """The disk of the open project, which does not flush until it is free."""
    qtbot.waitUntil(lambda: not opened.saver.busy, timeout=10_000)
    slow = SlowDisk()
    monkeypatch.setattr(durable.os, "fdatasync", slow.fdatasync)
    yield slow
    slow.free.set()
    qtbot.waitUntil(lambda: not opened.saver.busy, timeout=10_000)


def paint_rows(session: Session, rows: range) -> None:
    """Paint a stroke in each row, without waiting for the disk."""
    session.annotation.set_active_class(1)
    for row in rows:
        session.annotation.press(Pointer(row, 10))
        session.annotation.move(Pointer(row, 60))
        session.annotation.release()


def test_that_strokes_that_wait_are_flushed_together(opened: Session, disk: SlowDisk, qtbot: QtBot) -> None:
    before = read_labels(opened.project.path, opened.case.case)[1]
    paint_rows(opened, range(10, 11))
    qtbot.waitUntil(lambda: disk.flushes == 1, timeout=10_000)
    paint_rows(opened, range(12, 40, 2))
    assert opened.project.writer.waiting == 15
    disk.free.set()
    qtbot.waitUntil(lambda: not opened.saver.busy, timeout=10_000)
    assert disk.flushes == 2, "one for the first stroke, one for the fourteen that came meanwhile"
    labels, sequence = read_labels(opened.project.path, opened.case.case)
    assert sequence == before + 15
    assert labels.values.tobytes() == opened.labels.values.tobytes()


def test_that_the_status_tells_how_long_the_disk_takes_and_has_no_tick_meanwhile(
    opened: Session, disk: SlowDisk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in (("SLOW", 0.1), ("VERY_SLOW", 0.8), ("HUNG", 1.5)):
        monkeypatch.setattr(saving, name, seconds)
    states: list[tuple[str, str]] = []
    opened.save_state_changed.connect(lambda text, level: states.append((text, level)))
    paint_rows(opened, range(10, 14, 2))
    qtbot.waitUntil(lambda: opened.saver.trouble is not None, timeout=10_000)
    assert opened.saver.trouble.hung and opened.saver.trouble.waiting == 2
    levels = [level for _, level in states]
    assert "good" not in levels
    assert list(dict.fromkeys(levels)) == ["muted", "warning", "bad"]
    assert any("2 changes wait" in text for text, _ in states)
    disk.free.set()
    qtbot.waitUntil(lambda: states[-1] == ("All saved", "good"), timeout=10_000)
    assert opened.saver.trouble is None


def test_that_strokes_that_wait_long_are_kept_on_another_disk_until_they_are_saved(
    opened: Session, disk: SlowDisk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "SLOW", 0.1)
    monkeypatch.setattr(rescue, "_same_disk", lambda *_: False)

    def copies() -> list[Path]:
        return [path for folder in opened.project.writer._local.rescue._folders for path in folder.glob("*.journal")]

    assert not copies()
    threading.Timer(2.0, disk.free.set).start()  # the copy is flushed to the slow disk, too
    paint_rows(opened, range(10, 14, 2))
    qtbot.waitUntil(lambda: bool(copies()), timeout=10_000)
    qtbot.waitUntil(lambda: not opened.saver.busy and not copies(), timeout=10_000)
