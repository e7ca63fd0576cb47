"""The case strip."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from unetstudio.data.case import ReviewState
from unetstudio.ui.main_window import MainWindow
from unetstudio.ui.panels.case_model import ANNOTATED, CASE, CaseModel
from unetstudio.ui.panels.cases import CasesPanel
from unetstudio.ui.session import Session


@pytest.fixture
def panel(working: MainWindow) -> CasesPanel:
    return working.work.cases


def names(panel: CasesPanel) -> list[str]:
    """Return the names as shown, from the top."""
    return [panel.model.index(row).data() for row in range(panel.model.rowCount())]


def drop(panel: CasesPanel, taken: int, before: int) -> None:
    """Drag a row to the gap before another, as the view does at the end of a drag."""
    carried = panel.model.mimeData([panel.model.index(taken)])
    panel.model.dropMimeData(carried, Qt.DropAction.MoveAction, before, 0, QModelIndex())


def test_that_cases_stand_in_the_order_of_the_project(panel: CasesPanel) -> None:
    assert names(panel) == [f"picture_{n:02}" for n in range(12)]


def test_that_the_model_keeps_qts_rules(panel: CasesPanel) -> None:
    tester = QAbstractItemModelTester(panel.model, QAbstractItemModelTester.FailureReportingMode.Warning)
    drop(panel, 0, 4)
    panel.model.narrow("1")
    assert tester.model() is panel.model


@pytest.mark.parametrize(("taken", "before", "place"), [(0, 3, 2), (5, 1, 1), (2, 12, 11), (4, 0, 0)])
def test_that_a_dragged_case_lands_where_it_was_dropped(panel: CasesPanel, taken: int, before: int, place: int) -> None:
    drop(panel, taken, before)
    assert names(panel).index(f"picture_{taken:02}") == place


def test_that_a_click_opens_the_case(panel: CasesPanel, working: MainWindow, qtbot: QtBot) -> None:
    third = panel.list.visualRect(panel.model.index(2)).center()
    with qtbot.waitSignal(working.session.case_opened):
        qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=third)
    assert working.session.case.case.name == "picture_02"


def test_that_the_open_case_is_the_chosen_row(panel: CasesPanel, working: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(working.session.case_opened):
        working.session.case_opener.step(+1)
    assert panel.list.currentIndex().data() == "picture_01"


def test_that_down_in_the_list_opens_the_next_case_once(panel: CasesPanel, working: MainWindow, qtbot: QtBot) -> None:
    opened: list[str] = []
    working.session.case_opening.connect(opened.append)
    panel.list.setFocus()
    with qtbot.waitSignal(working.session.case_opened):
        qtbot.keyClick(panel.list, Qt.Key.Key_Down)
    assert opened == [working.session.cases[1].id]


def test_that_enter_in_the_filter_opens_the_first_case_found(panel: CasesPanel, working: MainWindow, qtbot: QtBot) -> None:
    panel.filter.setFocus()
    qtbot.keyClicks(panel.filter, "11")
    with qtbot.waitSignal(working.session.case_opened):
        qtbot.keyClick(panel.filter, Qt.Key.Key_Return)
    assert working.session.case.case.name == "picture_11"


def test_that_the_filter_finds_names_and_states(panel: CasesPanel, working: MainWindow) -> None:
    working.session.change(lambda project: project.cases.review(working.session.cases[4].id, ReviewState.REJECTED))
    panel.filter.setText("rejected")
    by_state = names(panel)
    panel.filter.setText("_1")
    assert (by_state, names(panel)) == (["picture_04"], ["picture_10", "picture_11"])


def test_that_a_filtered_list_cannot_be_dragged(panel: CasesPanel) -> None:
    panel.filter.setText("1")
    assert not panel.list.dragEnabled()
    panel.filter.clear()
    assert panel.list.dragEnabled()


def test_that_the_menu_marks_a_case_that_is_not_open(panel: CasesPanel, working: MainWindow) -> None:
    menu = panel.menu_for(panel.model.index(3))
    next(action for action in menu.actions() if action.text() == "Mark as accepted").trigger()
    assert working.session.cases[3].review is ReviewState.ACCEPTED
    assert panel.heading.text() == "12 cases, 1 reviewed"


def test_that_the_menu_removes_a_case(panel: CasesPanel) -> None:
    menu = panel.menu_for(panel.model.index(1))
    next(action for action in menu.actions() if "Remove" in action.text()).trigger()
    assert "picture_01" not in names(panel)


def test_that_a_stroke_shows_in_the_strip(panel: CasesPanel, working: MainWindow, qtbot: QtBot) -> None:
    before = panel.model.index(0).data(ANNOTATED)
    canvas = working.work.canvas
    with qtbot.waitSignal(panel.model.dataChanged):
        qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=canvas.rect().center())
    assert before == 0
    assert panel.model.index(0).data(ANNOTATED) > 0


def test_that_ten_thousand_cases_are_drawn_a_screenful_at_a_time(working: MainWindow, panel: CasesPanel, qtbot: QtBot) -> None:
    session: Session = working.session
    asked: list[str] = []

    class Counting(CaseModel):
        def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
            if role == CASE:
                asked.append(self._shown[index.row()].id)
            return super().data(index, role)

    first = session.cases[0]
    many = tuple(replace(first, id=f"{n:016x}", name=f"case {n}") for n in range(10_000))
    session.project.writer.update(cases=many)
    model = Counting(session, panel)
    panel.list.setModel(model)
    model.refresh()
    panel.list.scrollToBottom()
    panel.list.grab()
    assert model.rowCount() == 10_000
    assert many[-1].id in asked
    assert len(set(asked)) < 60
