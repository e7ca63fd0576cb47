"""Reports of bugs in the program itself."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from unetstudio.ui.bug_report import BugReports
from unetstudio.worker import crash_log
from unetstudio.workspace.user_folders import home


def fail(reports: BugReports, text: str) -> None:
    try:
        raise ValueError(text)
    except ValueError as error:
        reports.take(type(error), error, error.__traceback__)


@pytest.mark.qt_log_ignore("propagateSizeHints")  # of the offscreen screen
def test_that_two_faults_share_one_dialog_that_blocks_nothing(qtbot: QtBot, capsys: pytest.CaptureFixture[str]) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    reports = BugReports(window)
    fail(reports, "first fault")
    fail(reports, "second fault")
    qtbot.waitUntil(lambda: reports.dialog is not None and "second fault" in reports.dialog.lines.toPlainText())
    assert "first fault" in reports.dialog.lines.toPlainText()
    assert not reports.dialog.isModal()
    assert "first fault" in capsys.readouterr().err


@pytest.mark.qt_log_ignore("propagateSizeHints")
def test_that_the_learners_last_crash_is_part_of_a_report(qtbot: QtBot, capsys: pytest.CaptureFixture[str]) -> None:
    (home() / "log").mkdir()
    (home() / "log" / crash_log.LAST).write_text('File "learner.py", line 12 in step', encoding="utf-8")
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    reports = BugReports(window)
    fail(reports, "a fault")
    qtbot.waitUntil(lambda: reports.dialog is not None and "a fault" in reports.dialog.lines.toPlainText())
    assert reports.dialog is not None
    assert "line 12 in step" in reports.dialog.lines.toPlainText()
    capsys.readouterr()


def test_that_ctrl_c_is_no_fault(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    reports = BugReports(window)
    with qtbot.assertNotEmitted(reports.seen):
        reports.take(KeyboardInterrupt, KeyboardInterrupt(), None)
