"""The texts of start page, key sheet, about, this computer and status bar."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot
from ui.line import answer, end, task_of

from unetstudio import RESEARCH_USE, __version__
from unetstudio.data.classes import ClassTable
from unetstudio.data.scan import Scan
from unetstudio.ui.about import PROMISES, About, libraries_in_words
from unetstudio.ui.canvas.under import Under, under
from unetstudio.ui.computer_dialog import ComputerDialog
from unetstudio.ui.key_sheet import KeySheet
from unetstudio.ui.session import Session
from unetstudio.ui.start_page import StartPage
from unetstudio.ui.status_bar import StatusBar, in_words
from unetstudio.ui.worker_thread import NOT_UP
from unetstudio.worker.messages import DescribeDevice, DeviceReport, Request, StopTask, WorkerReady


def words_of(widget: QWidget) -> str:
    """Return the texts of all its labels."""
    return "\n".join(label.text() for label in widget.findChildren(QLabel))


def test_that_the_start_page_says_that_nothing_leaves_and_that_it_is_for_research(session: Session, qtbot: QtBot) -> None:
    page = StartPage(session)
    qtbot.addWidget(page)
    assert "Nothing leaves this computer." in words_of(page)
    assert RESEARCH_USE in words_of(page)


def test_that_without_projects_there_is_nothing_to_continue(session: Session, qtbot: QtBot) -> None:
    page = StartPage(session)
    qtbot.addWidget(page)
    assert not page.continue_tile.isEnabled()


def test_that_the_start_page_names_the_device_when_it_is_known(session: Session, qtbot: QtBot) -> None:
    page = StartPage(session)
    qtbot.addWidget(page)
    session.learning.take(WorkerReady(1, "CPU, 4 cores", ()))
    assert "CPU, 4 cores" in words_of(page)


def test_that_about_names_version_research_use_and_libraries(qtbot: QtBot) -> None:
    about = About()
    qtbot.addWidget(about)
    assert __version__ in words_of(about)
    assert RESEARCH_USE in words_of(about)
    assert not [line for line in libraries_in_words() if "not installed" in line]


def test_that_the_key_sheet_fits_the_screen(qtbot: QtBot) -> None:
    sheet = KeySheet()
    qtbot.addWidget(sheet)
    room = sheet.screen().availableGeometry()
    assert sheet.width() <= room.width()
    assert sheet.height() <= room.height()


def test_that_the_computer_report_can_be_copied_with_its_remedy(session: Session, qtbot: QtBot) -> None:
    dialog = ComputerDialog(session.tasks, session.worker)
    qtbot.addWidget(dialog)
    dialog.show_report(DeviceReport((("Processor", "four cores"), ("GPU", "present")), "Install the other build."))
    dialog.copy_button.click()
    assert QGuiApplication.clipboard().text() == (
        "Processor: four cores\nGPU: present\nLongest pause today: none over 0.1 s\nInstall the other build."
    )


def test_that_the_computer_is_measured_while_its_dialog_is_open(session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Request] = []
    monkeypatch.setattr(session.worker, "ask", sent.append)
    dialog = ComputerDialog(session.tasks, session.worker)
    qtbot.addWidget(dialog)
    assert isinstance(sent[-1], DescribeDevice) and [task.name for task in session.tasks.running] == ["Measuring this computer"]
    answer(session.worker, sent[-1], DeviceReport((("Processor", "four cores"),)))
    assert "four cores" in words_of(dialog) and dialog.waiting.isHidden()
    end(session.worker, sent[-1])
    assert session.tasks.running == () and dialog.waiting.isHidden()


def test_that_the_speed_test_ends_with_its_dialog(session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Request] = []
    monkeypatch.setattr(session.worker, "ask", sent.append)
    dialog = ComputerDialog(session.tasks, session.worker)
    dialog.reject()
    assert sent[-1] == StopTask(task_of(sent[0])) and session.tasks.running == ()


def test_that_a_computer_that_cannot_be_measured_says_why(session: Session, qtbot: QtBot) -> None:
    dialog = ComputerDialog(session.tasks, session.worker)  # there is no worker
    qtbot.addWidget(dialog)
    assert dialog.waiting.text() == NOT_UP and dialog.bar.isHidden() and not dialog.copy_button.isEnabled()


def test_that_the_status_bar_says_what_is_under_the_pointer() -> None:
    picture = Under((0, 340, 211), (182, 140, 160), "epithelium", None)
    volume = Under((12, 340, 211), (0.123456,), None, (1.0, -2.25, 30.0))
    assert in_words(picture, volume=False) == "x 211  y 340   value 182, 140, 160   epithelium"
    assert in_words(volume, volume=True) == "x 211  y 340  z 12   1.0, -2.2, 30.0 mm   value 0.1235"
    tissue = Under((0, 340, 211), (43,), "kidney", None, "HU")
    assert in_words(tissue, volume=False) == "x 211  y 340   value 43 HU   kidney"


def test_that_the_voxel_under_the_pointer_has_the_unit_of_its_scan() -> None:
    scan = Scan(np.full((1, 1, 2, 2), 1.5, np.float32), unit="Bq/ml")
    assert under(scan, None, ClassTable.named(["background"], [(0, 0, 0)]), (0, 0, 0)).unit == "Bq/ml"


@pytest.fixture
def status(session: Session, qtbot: QtBot) -> StatusBar:
    bar = StatusBar(session)
    qtbot.addWidget(bar)
    return bar


def test_that_progress_is_shown_while_it_lasts(session: Session, status: StatusBar) -> None:
    task = session.tasks.begin("Exporting", lambda: None)
    assert not status.bar.isHidden() and (status.work.text(), status.bar.maximum()) == ("Exporting", 0)
    task.progress(3, 12)
    assert (status.work.text(), status.bar.value(), status.bar.maximum()) == ("Exporting  3 of 12", 3, 12)
    task.finish()
    assert status.bar.isHidden() and status.work.isHidden() and status.stop.isHidden()


def test_that_the_newest_of_several_tasks_is_shown_with_a_count(session: Session, status: StatusBar) -> None:
    first, second, third = (session.tasks.begin(name, lambda: None) for name in ("Exporting", "Predicting", "Measuring"))
    third.progress(1, 2)
    assert status.work.text() == "Measuring  1 of 2  (and 2 more)"
    first.progress(3, 12)
    assert status.work.text() == "Measuring  1 of 2  (and 2 more)"
    second.finish()
    third.fail("It went wrong.")
    assert status.work.text() == "Exporting  3 of 12" and status.bar.value() == 3


def test_that_the_stop_button_stops_the_task_that_is_shown(session: Session, status: StatusBar) -> None:
    stopped: list[str] = []
    for name in ("Exporting", "Measuring"):
        session.tasks.begin(name, lambda name=name: stopped.append(name))
    status.stop.click()
    assert (stopped, status.work.text()) == (["Measuring"], "Exporting")
    status.stop.click()
    assert stopped == ["Measuring", "Exporting"] and status.stop.isHidden()


def test_that_what_cannot_be_stopped_has_no_stop_button(session: Session, status: StatusBar) -> None:
    task = session.tasks.begin("Opening")
    assert not status.bar.isHidden() and status.stop.isHidden()
    task.on_stop(lambda: None)
    assert not status.stop.isHidden()


def test_that_about_and_readme_promise_the_same() -> None:
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    for number, words in PROMISES:
        assert f"| {number} | {words} |" in readme
