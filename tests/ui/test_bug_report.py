"""Faults of the program itself."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from unetstudio.ui.bug_report import BugReports


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


def test_that_ctrl_c_is_no_fault(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    reports = BugReports(window)
    with qtbot.assertNotEmitted(reports.seen):
        reports.take(KeyboardInterrupt, KeyboardInterrupt(), None)
