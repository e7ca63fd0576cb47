"""Closing while something is not saved: the window stays, asks, and loses nothing that the user has not let go of."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from unetstudio.project import durable
from unetstudio.project.rescue import Rescue
from unetstudio.project.store import read_labels
from unetstudio.tools.tool import Pointer
from unetstudio.ui import unsaved_gate
from unetstudio.ui.closing_dialog import ClosingDialog
from unetstudio.ui.main_window import MainWindow

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # of the offscreen screen


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unsaved_gate, "AT_ONCE", 0.1)
    monkeypatch.setattr(unsaved_gate, "HURRY", 0.3)


class FullDisk:
    """Refuses to write as long as it is full; rescued strokes go to a folder that has room, if there is one."""

    def __init__(self) -> None:
        self.full = True
        self.elsewhere = False  # whether the other places have room
        self._write = os.write

    def write(self, handle: int, data: bytes) -> int:
        rescuing = threading.current_thread().name == "beside"
        if self.full and not (rescuing and self.elsewhere):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._write(handle, data)


@pytest.fixture
def disk(working: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FullDisk]:
    """A disk that is full once the window has its project."""
    qtbot.waitUntil(lambda: not working.session.saver.busy, timeout=10_000)
    writer = working.session.project.writer
    writer._local.rescue = Rescue("uuid", [tmp_path / "documents"])
    full = FullDisk()
    monkeypatch.setattr(durable.os, "write", full.write)
    yield full
    full.full = False


def stroke(window: MainWindow, row: int = 20) -> None:
    """Paint a stroke of the second class."""
    window.session.annotation.press(Pointer(row, 10))
    window.session.annotation.move(Pointer(row, 40))
    window.session.annotation.release()


def dialog_of(window: MainWindow, qtbot: QtBot) -> ClosingDialog:
    """Wait for the question."""
    qtbot.waitUntil(lambda: window.findChild(ClosingDialog) is not None, timeout=10_000)
    return window.findChild(ClosingDialog)


def test_that_the_window_stays_until_the_disk_takes_what_waits_and_then_closes_by_itself(
    working: MainWindow, disk: FullDisk, qtbot: QtBot
) -> None:
    case, path = working.session.case.case, working.session.project.path
    stroke(working)
    assert not working.close()
    dialog = dialog_of(working, qtbot)
    assert working.isVisible() and dialog.heading.text() == "Not saved yet: 1 change"
    assert "the disk is full" in dialog.sentence.text()
    disk.full = False
    working.session.saver._retry.setInterval(100)  # and not five seconds
    qtbot.waitUntil(lambda: not working.isVisible(), timeout=15_000)
    assert read_labels(path, case)[1] == 1


def test_that_the_user_is_told_what_letting_go_loses(working: MainWindow, disk: FullDisk, qtbot: QtBot) -> None:
    stroke(working)
    working.close()
    dialog = dialog_of(working, qtbot)
    qtbot.waitUntil(lambda: "could not be kept elsewhere" in dialog.sentence.text(), timeout=10_000)
    assert dialog.let_go_button.text() == "Close and lose 1 change"
    dialog.let_go_button.click()
    assert not working.isVisible()


def test_that_what_was_kept_elsewhere_comes_back(working: MainWindow, disk: FullDisk, tmp_path: Path, qtbot: QtBot) -> None:
    disk.elsewhere = True
    stroke(working)
    working.close()
    dialog = dialog_of(working, qtbot)
    qtbot.waitUntil(lambda: "A copy is in" in dialog.sentence.text(), timeout=10_000)
    assert dialog.let_go_button.text() == "Close all the same"
    assert len(list((tmp_path / "documents").rglob("*.journal"))) == 1


def test_that_the_question_grows_with_its_words(working: MainWindow, disk: FullDisk, qtbot: QtBot) -> None:
    disk.elsewhere = True
    stroke(working)
    working.close()
    dialog = dialog_of(working, qtbot)
    qtbot.waitUntil(lambda: "A copy is in" in dialog.sentence.text(), timeout=10_000)
    words = dialog.sentence
    qtbot.waitUntil(lambda: words.height() >= words.heightForWidth(words.width()), timeout=5_000)
    qtbot.waitUntil(lambda: dialog.rect().contains(dialog.stay_button.geometry()), timeout=5_000)
    qtbot.waitUntil(lambda: words.geometry().bottom() < dialog.stay_button.geometry().top(), timeout=5_000)  # once it is laid out
    assert dialog.stay_button.width() >= dialog.stay_button.sizeHint().width()


def test_that_staying_keeps_the_project_open_for_painting(working: MainWindow, disk: FullDisk, qtbot: QtBot) -> None:
    stroke(working)
    working.close()
    dialog_of(working, qtbot).stay_button.click()
    qtbot.waitUntil(lambda: working.findChild(ClosingDialog) is None, timeout=10_000)
    disk.full = False
    working.session.saver.save_now()
    qtbot.waitUntil(lambda: not working.session.saver.busy and not working.session.saver.refused, timeout=10_000)
    stroke(working, 30)
    qtbot.waitUntil(lambda: not working.session.saver.busy, timeout=10_000)
    assert working.isVisible() and working.session.project.writer.waiting == 0


def test_that_closing_the_project_asks_too(working: MainWindow, disk: FullDisk, qtbot: QtBot) -> None:
    stroke(working)
    working.action_table["close_project"].trigger()
    dialog = dialog_of(working, qtbot)
    assert working.session.project is not None
    dialog.let_go_button.click()
    qtbot.waitUntil(lambda: working.session.project is None, timeout=10_000)
    assert working.isVisible()


def test_that_a_demand_to_end_is_obeyed_without_a_question_and_strokes_are_kept_elsewhere(
    working: MainWindow, disk: FullDisk, tmp_path: Path
) -> None:
    disk.elsewhere = True
    stroke(working)
    working.close_in_a_hurry()
    assert not working.isVisible() and working.findChild(ClosingDialog) is None
    assert len(list((tmp_path / "documents").rglob("*.journal"))) == 1
