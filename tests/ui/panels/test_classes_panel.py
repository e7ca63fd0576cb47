"""The classes panel."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QColorDialog, QLineEdit, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from unetstudio.tools.tool import Pointer
from unetstudio.ui.panels.class_delegate import Part
from unetstudio.ui.panels.class_model import ROW
from unetstudio.ui.panels.classes import ClassesPanel
from unetstudio.ui.panels.colour_popup import ColourPopup
from unetstudio.ui.session import Session


@pytest.fixture
def panel(qtbot: QtBot, session: Session) -> ClassesPanel:
    made = ClassesPanel(session)
    qtbot.addWidget(made)
    made.resize(280, 260)
    return made


def spot(panel: ClassesPanel, row: int, part: Part) -> QPoint:
    rect = panel.list.visualRect(panel.model.index(row))
    return panel.list._delegate.parts(rect, panel.list.fontMetrics())[part].center()


def click(qtbot: QtBot, panel: ClassesPanel, row: int, part: Part) -> None:
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=spot(panel, row, part))


def paint(session: Session) -> None:
    session.annotation.tools.choose("brush")
    session.annotation.press(Pointer(20, 20))
    session.annotation.release()


def test_that_a_click_on_a_row_makes_it_the_active_class(qtbot: QtBot, panel: ClassesPanel, session: Session) -> None:
    click(qtbot, panel, 2, Part.NAME)
    assert session.annotation.active_class == 2


def test_that_a_class_chosen_elsewhere_is_marked(panel: ClassesPanel, session: Session) -> None:
    session.annotation.set_active_class(2)
    assert panel.list.currentIndex().row() == 2
    assert panel.model.index(2).data(ROW).active


def test_that_the_eye_hides_a_class_and_leaves_the_active_one(qtbot: QtBot, panel: ClassesPanel, session: Session) -> None:
    click(qtbot, panel, 2, Part.EYE)
    assert not session.classes[2].visible
    assert session.annotation.active_class == 1


def test_that_the_lock_locks_and_unlocks(qtbot: QtBot, panel: ClassesPanel, session: Session) -> None:
    click(qtbot, panel, 1, Part.LOCK)
    assert session.classes[1].locked
    click(qtbot, panel, 1, Part.LOCK)
    assert not session.classes[1].locked


def test_that_the_count_follows_a_stroke_and_its_undo(panel: ClassesPanel, session: Session) -> None:
    paint(session)
    painted = int(np.count_nonzero(session.labels.values == 1))
    assert painted > 0
    assert panel.model.index(1).data(ROW).voxels == painted
    session.annotation.undo()
    assert panel.model.index(1).data(ROW).voxels == 0
    assert panel.annotated.text().startswith("Nothing")


def test_that_the_tooltip_shows_the_area(panel: ClassesPanel, session: Session) -> None:
    session.labels.values[0, :10, :10] = 1
    session.labels.counts[1] = 100
    assert panel.list.hint(panel.model.index(1).data(ROW), Part.COUNT) == "100 px · 25 µm²"


def test_that_a_double_click_renames_in_place(qtbot: QtBot, panel: ClassesPanel, session: Session) -> None:
    panel.list.edit(panel.model.index(1))
    editor = panel.list.findChild(QLineEdit, "class_name_editor")
    editor.setText("lymphocyte")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.classes[1].name == "lymphocyte")


def test_that_an_empty_name_changes_nothing(panel: ClassesPanel, session: Session) -> None:
    assert not panel.model.setData(panel.model.index(1), "  ")
    assert session.classes[1].name == "nucleus"


def test_that_an_added_class_is_active_and_can_be_undone(qtbot: QtBot, panel: ClassesPanel, session: Session) -> None:
    qtbot.mouseClick(panel.add_button, Qt.MouseButton.LeftButton)
    assert len(session.classes) == 4
    assert session.annotation.active_class == 3
    assert panel.model.rowCount() == 4
    session.annotation.undo()
    assert panel.model.rowCount() == 3


def test_that_a_removed_class_comes_back_by_undo(qtbot: QtBot, panel: ClassesPanel, session: Session) -> None:
    session.annotation.set_active_class(2)
    button = panel.findChild(QToolButton, "remove_class")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert session.classes.values == (0, 1)
    session.annotation.undo()
    assert [panel.model.index(row).data() for row in range(3)] == ["background", "nucleus", "membrane"]


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_that_a_colour_of_the_palette_is_taken_by_one_click(qtbot: QtBot, panel: ClassesPanel, session: Session) -> None:
    click(qtbot, panel, 1, Part.SWATCH)
    popup = panel.findChild(ColourPopup)
    before = session.classes[1].colour
    with qtbot.waitSignal(popup.picked) as picked:
        popup.findChildren(QToolButton)[5].click()
    assert session.classes[1].colour == picked.args[0] != before


def test_that_show_only_hides_the_others_and_show_all_brings_them_back(panel: ClassesPanel, session: Session) -> None:
    actions = {action.text(): action for action in panel.menu(1).actions()}
    actions["Show only this"].trigger()
    assert [found.visible for found in session.classes] == [False, True, False]
    actions["Show all"].trigger()
    assert all(found.visible for found in session.classes)


def test_that_rows_are_read_out_whole(panel: ClassesPanel, session: Session) -> None:
    session.change(lambda project: project.classes.lock(1, True))
    spoken = panel.model.index(1).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken.startswith("nucleus, active, locked, 0 px")


def test_that_many_classes_scroll(panel: ClassesPanel, session: Session) -> None:
    for _ in range(60):
        session.add_class()
    assert not panel.grab().isNull()
    assert panel.list.sizeHint().height() < 500


def test_that_a_click_leaves_the_keyboard_with_the_canvas(qtbot: QtBot, panel: ClassesPanel) -> None:
    click(qtbot, panel, 0, Part.NAME)
    assert QApplication.focusWidget() is not panel.list


def test_that_the_panel_stays_when_the_project_closes(panel: ClassesPanel, session: Session) -> None:
    session.close_project()
    assert panel.annotated.text() == "Open an image to begin."
    assert not panel.grab().isNull()


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_that_any_other_colour_is_chosen_in_a_dialog(qtbot: QtBot, panel: ClassesPanel, session: Session) -> None:
    click(qtbot, panel, 1, Part.SWATCH)
    qtbot.mouseClick(panel.findChild(QPushButton, "other_colour"), Qt.MouseButton.LeftButton)
    dialog = panel.findChild(QColorDialog)
    dialog.setCurrentColor(QColor(12, 34, 56))
    dialog.accept()
    assert session.classes[1].colour == (12, 34, 56)


def test_that_the_right_button_leaves_the_active_class(qtbot: QtBot, panel: ClassesPanel, session: Session) -> None:
    qtbot.mousePress(panel.list.viewport(), Qt.MouseButton.RightButton, pos=spot(panel, 2, Part.NAME))
    assert session.annotation.active_class == 1
