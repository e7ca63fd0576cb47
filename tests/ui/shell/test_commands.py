"""The commands of the table, through the real window: files, dialogs, cases, learning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QDialog, QFileDialog
from pytestqt.qtbot import QtBot

from unetstudio.data.case import ReviewState
from unetstudio.tools.tool import Pointer
from unetstudio.ui.about import About
from unetstudio.ui.computer_dialog import ComputerDialog
from unetstudio.ui.folder_dialog import FolderDialog
from unetstudio.ui.history_dialog import HistoryDialog
from unetstudio.ui.key_sheet import KeySheet
from unetstudio.ui.main_window import MainWindow
from unetstudio.ui.preferences_dialog import PreferencesDialog

Answer = Callable[..., list[str]]


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Answer:
    """Make the system's file choosers answer at once; returns the list of folders or files that they proposed."""

    def set_answer(name: str, chosen: Any) -> list[str]:
        proposed: list[str] = []

        def choose(_parent: object, _title: str, proposal: str, *_: object) -> Any:
            proposed.append(proposal)
            return chosen

        monkeypatch.setattr(QFileDialog, name, staticmethod(choose))
        return proposed

    return set_answer


def test_that_chosen_images_open_and_the_next_chooser_starts_in_their_folder(
    window: MainWindow, images: list[Path], answer: Answer, qtbot: QtBot
) -> None:
    answer("getOpenFileNames", ([str(images[0])], ""))
    with qtbot.waitSignal(window.session.case_opened, timeout=20_000):
        window.action_table["open_images"].trigger()
    proposed = answer("getExistingDirectory", "")
    window.action_table["open_folder"].trigger()
    assert proposed == [str(images[0].parent)]


def test_that_a_chooser_that_is_cancelled_opens_nothing_and_leaves_the_folder_remembered(window: MainWindow, answer: Answer) -> None:
    proposed = answer("getOpenFileNames", ([], ""))
    for _ in range(2):
        window.action_table["open_images"].trigger()
    assert proposed == [str(Path.home())] * 2
    assert window.session.project is None


def test_that_the_history_is_proposed_under_the_name_of_the_project_and_written(
    working: MainWindow, answer: Answer, tmp_path: Path, qtbot: QtBot
) -> None:
    chosen = tmp_path / "history.csv"
    proposed = answer("getSaveFileName", (str(chosen), ""))
    working.action_table["export_history"].trigger()
    qtbot.waitUntil(chosen.is_file, timeout=10_000)
    assert Path(proposed[0]).name == f"{working.session.project.name} history.csv"


@pytest.mark.qt_log_ignore("This plugin does not support")  # of the offscreen screen
@pytest.mark.parametrize(
    ("command", "kind"),
    [("keys", KeySheet), ("about", About), ("computer", ComputerDialog), ("history", HistoryDialog), ("preferences", PreferencesDialog)],
)
def test_that_each_dialog_opens_beside_the_work(working: MainWindow, qtbot: QtBot, command: str, kind: type[QDialog]) -> None:
    working.action_table[command].trigger()
    dialog = working.findChild(kind)
    assert dialog is not None and dialog.isVisible()
    with qtbot.waitSignal(dialog.finished):
        dialog.reject()


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_that_a_history_that_is_closed_before_it_was_read_does_no_harm(working: MainWindow, qtbot: QtBot) -> None:
    working.action_table["history"].trigger()
    dialog = working.findChild(HistoryDialog)
    with qtbot.waitSignal(dialog.destroyed):
        dialog.reject()
    read: list[object] = []
    working.session.history.ask_trail(working.session.case.id, read.append)  # answered after the dialog's own question
    qtbot.waitUntil(lambda: bool(read), timeout=10_000)


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_that_the_dialog_for_folders_is_there_once_however_often_it_is_asked_for(working: MainWindow) -> None:
    for _ in range(2):
        working.action_table["predict_folder"].trigger()
    (dialog,) = working.findChildren(FolderDialog)
    assert dialog.isVisible()
    dialog.reject()


def test_that_enter_finishes_the_current_polygon_and_leaves_the_case_unreviewed(working: MainWindow) -> None:
    annotation = working.session.annotation
    annotation.tools.choose("polygon")
    for row, column in ((10, 10), (10, 30), (30, 30)):
        annotation.press(Pointer(row, column))
        annotation.release()
    working.action_table["accept_case"].trigger()
    assert not annotation.stroke_active
    assert working.session.labels.annotated > 0
    assert working.session.case.case.review is ReviewState.UNREVIEWED


def test_that_a_case_is_marked_from_the_menu(working: MainWindow) -> None:
    working.action_table["correct_case"].trigger()
    assert working.session.case.case.review is ReviewState.CORRECTED


def test_that_a_class_without_a_place_in_the_list_leaves_the_active_one(working: MainWindow) -> None:
    active = working.session.annotation.active_class
    working.action_table["class_9"].trigger()
    assert working.session.annotation.active_class == active


def test_that_the_overlay_grows_stronger_and_stays_within_its_bounds(working: MainWindow) -> None:
    display = working.session.display
    display.show(replace(display.options, overlay_opacity=0.95))
    for _ in range(2):
        working.action_table["stronger"].trigger()
    assert display.options.overlay_opacity == 1.0
    working.action_table["fainter"].trigger()
    assert display.options.overlay_opacity == 0.9


def test_that_the_export_section_opens_from_the_menu(working: MainWindow, qtbot: QtBot) -> None:
    section = working.work.column.sections["export"]
    assert not section.opened
    working.action_table["export"].trigger()
    qtbot.waitUntil(lambda: section.opened and section.panel is not None)


def test_that_the_full_screen_is_left_again_by_the_same_command(working: MainWindow) -> None:
    states = []
    for _ in range(2):
        working.action_table["full_screen"].trigger()
        states.append(working.isFullScreen())
    assert states == [True, False]
