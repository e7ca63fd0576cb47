"""One choice of several."""

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from unetstudio.ui.panels.segments import Segments

CHOICES = (("a", "First", ""), ("b", "Second", ""), ("c", "Third", ""))


@pytest.mark.parametrize(("clearable", "after"), [(False, "b"), (True, None)])
def test_that_a_second_click_takes_the_choice_back_only_where_that_is_wanted(qtbot: QtBot, clearable: bool, after: str | None) -> None:
    row = Segments(CHOICES, name="row", clearable=clearable)
    qtbot.addWidget(row)
    for _ in range(2):
        qtbot.mouseClick(row.buttons["b"], Qt.MouseButton.LeftButton)
    assert row.value == after
    assert row.buttons["b"].isChecked() == (after == "b")


def test_that_a_click_lets_go_of_the_other_choice(qtbot: QtBot) -> None:
    row = Segments(CHOICES, name="row")
    qtbot.addWidget(row)
    row.choose("a")
    with qtbot.waitSignal(row.chosen) as chosen:
        qtbot.mouseClick(row.buttons["c"], Qt.MouseButton.LeftButton)
    assert chosen.args == ["c"]
    assert [button.isChecked() for button in row.buttons.values()] == [False, False, True]


def test_that_choosing_by_program_emits_no_signal(qtbot: QtBot) -> None:
    row = Segments(CHOICES, name="row")
    qtbot.addWidget(row)
    with qtbot.assertNotEmitted(row.chosen):
        row.choose("b")
