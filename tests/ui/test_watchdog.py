"""The watchdog, and the log of pauses that it keeps."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from unetstudio.ui.bug_report import BugReport
from unetstudio.ui.pauses import MOST_BYTES, Pause, Pauses
from unetstudio.ui.watchdog import Watchdog, places
from unetstudio.worker.crash_log import LAST


@pytest.fixture
def log(tmp_path: Path) -> Pauses:
    return Pauses(tmp_path / "logs" / "pauses.jsonl")


@pytest.fixture
def watchdog(log: Pauses, qapp: object) -> Iterator[Watchdog]:
    made = Watchdog(log)
    made.start()
    yield made
    made.stop()


def sleep_on_the_job() -> None:
    time.sleep(0.5)


def compute_on_the_job() -> None:
    end = time.thread_time() + 0.5
    while time.thread_time() < end:
        pass


@pytest.mark.parametrize("block", [sleep_on_the_job, compute_on_the_job])
def test_that_a_pause_of_the_window_is_logged_with_the_blocking_function(
    watchdog: Watchdog, log: Pauses, qtbot: QtBot, block: object
) -> None:
    with qtbot.waitSignal(watchdog.paused, timeout=10_000):
        QTimer.singleShot(0, block)
    watchdog.stop()
    longest = max(log.all(), key=lambda pause: pause.seconds)
    assert longest.seconds > 0.3
    assert not longest.machine
    assert any(place.endswith(block.__name__) for place in longest.where)


def test_that_the_log_carries_no_folder_of_anybody(log: Pauses) -> None:
    where = places(sys._getframe())
    assert where[-1].endswith(" test_that_the_log_carries_no_folder_of_anybody")
    assert not any(place.startswith("/") or str(Path.home()) in place for place in where)


def test_that_the_longest_pause_of_today_leaves_out_other_days_and_a_computer_that_slept(log: Pauses) -> None:
    now = time.time()
    for pause in (
        Pause(now, 0.2, ("unetstudio/ui/review.py:9 paint",)),
        Pause(now, 0.4, ("unetstudio/ui/review.py:7 _segment",)),
        Pause(now, 900.0, (), machine=True),
        Pause(now - 3 * 86_400, 5.0, ("unetstudio/ui/review.py:9 paint",)),
    ):
        log.add(pause)
    longest = log.longest_today()
    assert longest is not None
    assert longest.seconds == 0.4
    assert longest.sentence.endswith("in _segment (unetstudio/ui/review.py:7)")


def test_that_a_log_that_is_not_ours_is_no_error_and_a_long_one_begins_anew(log: Pauses) -> None:
    log.path.parent.mkdir()
    log.path.write_text("what?\n{}\n" + " " * MOST_BYTES, encoding="utf-8")
    assert log.all() == []
    log.add(Pause(1.0, 0.3, ()))
    assert [pause.seconds for pause in log.all()] == [0.3]


def test_that_a_bug_report_names_the_last_pauses_and_the_last_crash_of_the_learner(qtbot: QtBot) -> None:
    Pauses().add(Pause(time.time(), 0.3, ("unetstudio/ui/session.py:1 open_case", "unetstudio/ui/review.py:7 _segment")))
    (Pauses().path.parent / LAST).write_text("Fatal Python error: Segmentation fault", encoding="utf-8")
    report = BugReport()
    qtbot.addWidget(report)
    assert "The learner's last crash" in report.lines.toPlainText()
    assert "Fatal Python error" in report.lines.toPlainText()
    assert "_segment (unetstudio/ui/review.py:7) < unetstudio/ui/session.py:1 open_case" in report.lines.toPlainText()
