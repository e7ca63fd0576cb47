"""The window's safety features: the red bar, who painted a voxel, and the current stroke when the window is closed."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from unetstudio.data.classes import ClassTable
from unetstudio.project import durable
from unetstudio.project.project import Project
from unetstudio.project.store import read_labels
from unetstudio.tools.tool import Pointer
from unetstudio.ui.history_dialog import HistoryDialog
from unetstudio.ui.main_window import MainWindow
from unetstudio.ui.session import Session
from unetstudio.ui.who_popup import WhoPopup


def stroke(session: Session, qtbot: QtBot) -> None:
    """Paint a stroke of the second class and wait until the disk has answered."""
    session.annotation.press(Pointer(20, 10))
    session.annotation.move(Pointer(20, 40))
    session.annotation.release()
    qtbot.waitUntil(lambda: not session.saver.busy, timeout=10_000)


def test_that_a_red_bar_lies_across_the_window_while_something_is_not_saved(
    working: MainWindow, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    def refuse(handle: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    bar = working.work.unsaved
    with monkeypatch.context() as disk:
        disk.setattr(durable.os, "write", refuse)
        stroke(working.session, qtbot)
        qtbot.waitUntil(bar.isVisible, timeout=10_000)
    assert bar.width() == working.work.width()
    assert working.status.saved.text() == "NOT SAVED"
    assert "the disk is full" in working.status.saved.toolTip()
    bar.try_button.click()
    qtbot.waitUntil(lambda: not bar.isVisible(), timeout=10_000)


def test_that_a_window_that_may_only_read_says_so_as_long_as_it_is_open(window: MainWindow, images: list[Path], qtbot: QtBot) -> None:
    folder = images[0].parent / "held.unetstudio"
    with Project.create(folder, ClassTable.named(["background", "cell"], [(90, 90, 90), (0, 200, 0)])):  # held open by somebody else
        window.session.open_paths([folder])
        qtbot.waitUntil(lambda: window.session.project is not None, timeout=10_000)
        assert window.work.read_only.isVisible()
        window.session.close_project()
        assert window.work.read_only.isHidden()


@pytest.mark.qt_log_ignore("This plugin does not support")  # of the offscreen screen
def test_that_the_right_click_menu_shows_who_painted_and_opens_the_history(working: MainWindow, qtbot: QtBot) -> None:
    stroke(working.session, qtbot)
    menu = working.work.menu_at((0, 20, 20))
    next(action for action in menu.actions() if action.text() == "Who painted this?").trigger()
    qtbot.waitUntil(lambda: working.findChild(WhoPopup) is not None, timeout=10_000)
    working.findChild(WhoPopup).history_button.click()
    qtbot.waitUntil(lambda: working.findChild(HistoryDialog) is not None, timeout=10_000)
    dialog = working.findChild(HistoryDialog)
    qtbot.waitUntil(lambda: dialog.model.rowCount() == 1, timeout=10_000)
    dialog.accept()


def test_that_closing_the_window_keeps_the_current_stroke(working: MainWindow) -> None:
    session = working.session
    folder, case = session.project.path, session.case.case
    session.annotation.press(Pointer(20, 10))
    session.annotation.move(Pointer(20, 40))
    working.close()
    labels, sequence = read_labels(folder, case)
    assert sequence == 1
    assert labels.annotated > 0
