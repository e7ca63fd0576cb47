"""The table of commands."""

from __future__ import annotations

from collections import Counter

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from pytestqt.qtbot import QtBot

from unetstudio.data.case import ReviewState
from unetstudio.tools.tool import TOOLS
from unetstudio.ui.canvas.overlays.overlay import OVERLAYS
from unetstudio.ui.commands.table import MENUS, Command, commands
from unetstudio.ui.key_sheet import keys_of
from unetstudio.ui.main_window import MainWindow
from unetstudio.ui.resources import icon_path


def test_that_no_two_commands_share_a_key() -> None:
    pressed = Counter(QKeySequence(key).toString() for command in commands() for key in command.keys)
    assert [key for key, times in pressed.items() if times > 1] == []


def test_that_no_command_takes_the_keys_the_canvas_holds() -> None:
    held = {QKeySequence(key) for key in (Qt.Key.Key_Space, Qt.Key.Key_Tab, Qt.Key.Key_Escape)}
    assert not held & {QKeySequence(key) for command in commands() for key in command.keys}


def test_that_every_tool_has_a_command_with_its_key() -> None:
    by_id = {command.id: command for command in commands()}
    assert all(by_id[f"tool_{name}"].keys == (tool.shortcut,) for name, tool in TOOLS.items())


@pytest.mark.parametrize("command", commands(), ids=lambda command: command.id)
def test_that_every_command_is_in_a_menu_and_its_icon_exists(command: Command) -> None:
    assert command.menu in MENUS
    assert not command.icon or icon_path(command.icon)


def test_that_the_key_sheet_names_every_key() -> None:
    shown = " ".join(keys for menu in MENUS for keys, _ in keys_of(menu))
    keys = [command.keys[0] for command in commands() if command.keys and not command.id.startswith("class_")]
    assert [key for key in keys if QKeySequence(key).toString() not in shown] == []


def test_that_nothing_of_a_case_can_be_done_on_the_start_page(window: MainWindow) -> None:
    usable = {name for name, action in window.action_table.by_id.items() if action.isEnabled()}
    assert "undo" not in usable
    assert "tool_brush" not in usable
    assert {"open_images", "example", "keys", "theme", "quit"} <= usable


def test_that_digits_choose_classes(working: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(working.work.canvas, Qt.Key.Key_1)
    first = working.session.annotation.active_class
    qtbot.keyClick(working.work.canvas, Qt.Key.Key_2)
    assert (first, working.session.annotation.active_class) == working.session.classes.values[:2]


def test_that_brackets_change_the_size_of_the_current_tool_only(working: MainWindow, qtbot: QtBot) -> None:
    tools = working.session.annotation.tools
    brush, eraser = tools["brush"].size, tools["eraser"].size
    qtbot.keyClick(working.work.canvas, Qt.Key.Key_BracketRight)
    assert tools["brush"].size > brush
    assert tools["eraser"].size == eraser


def test_that_x_goes_to_the_eraser_and_back(working: MainWindow, qtbot: QtBot) -> None:
    names = []
    working.session.annotation.tools.choose("lasso")
    for _ in range(2):
        qtbot.keyClick(working.work.canvas, Qt.Key.Key_X)
        names.append(working.session.annotation.tools.name)
    assert names == ["eraser", "lasso"]


def test_that_x_returns_from_an_eraser_that_was_chosen_by_its_own_key(working: MainWindow, qtbot: QtBot) -> None:
    working.session.annotation.tools.choose("polygon")
    working.action_table["tool_eraser"].trigger()
    qtbot.keyClick(working.work.canvas, Qt.Key.Key_X)
    assert working.session.annotation.tools.name == "polygon"


def test_that_enter_accepts_the_case_and_r_rejects_it(working: MainWindow, qtbot: QtBot) -> None:
    working.work.canvas.setFocus()
    qtbot.keyClick(working.work.canvas, Qt.Key.Key_Return)
    accepted = working.session.case.case.review
    qtbot.keyClick(working.work.canvas, Qt.Key.Key_R)
    assert (accepted, working.session.case.case.review) == (ReviewState.ACCEPTED, ReviewState.REJECTED)


def test_that_arrow_keys_step_through_cases_on_the_canvas(working: MainWindow, qtbot: QtBot) -> None:
    working.work.canvas.setFocus()
    with qtbot.waitSignal(working.session.case_opened):
        qtbot.keyClick(working.work.canvas, Qt.Key.Key_Right)
    assert working.session.case.id == working.session.cases[1].id


def test_that_arrow_keys_in_a_field_move_its_cursor_and_nothing_else(working: MainWindow, qtbot: QtBot) -> None:
    first = working.session.case.id
    field = working.work.cases.filter
    field.setText("12")
    field.setFocus()
    qtbot.keyClick(field, Qt.Key.Key_Left)
    assert field.cursorPosition() == 1
    assert working.session.case.id == first


def test_that_letters_typed_into_a_field_are_not_commands(working: MainWindow, qtbot: QtBot) -> None:
    working.work.cases.filter.setFocus()
    qtbot.keyClicks(working.work.cases.filter, "er")
    assert working.work.cases.filter.text() == "er"
    assert working.session.annotation.tools.name == "brush"


def test_that_o_goes_round_the_overlays(working: MainWindow, qtbot: QtBot) -> None:
    seen = []
    for _ in working.session.overlays:
        qtbot.keyClick(working.work.canvas, Qt.Key.Key_O)
        seen.append(working.session.display.options.overlay)
    assert set(seen) == set(OVERLAYS) - {"attention"}  # the network in use has none
    assert seen[-1] == next(iter(OVERLAYS))
