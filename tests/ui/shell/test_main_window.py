"""The window round a real session."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QScrollBar, QSpinBox
from pytestqt.qtbot import QtBot

from unetstudio.tools.tool import Pointer
from unetstudio.ui.dropped_files import DropQuestion
from unetstudio.ui.main_window import MainWindow
from unetstudio.ui.mask_questions_dialog import MaskQuestionsDialog
from unetstudio.ui.panels.export import ExportPanel
from unetstudio.ui.panels.export_form import OPEN_CASE
from unetstudio.ui.preferences import Preferences


def drop_on(window: MainWindow, paths: list[Path]) -> None:
    """Drop files as the desktop does."""
    carried = QMimeData()
    carried.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    actions, button = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    window.dropEvent(QDropEvent(QPointF(200, 200), actions, carried, button, Qt.KeyboardModifier.NoModifier))


def test_that_it_begins_with_the_start_page(window: MainWindow) -> None:
    assert not window.is_working
    assert window.start.isVisible()


def test_that_dropped_images_open_ready_to_paint(window: MainWindow, images: list[Path], qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.session.case_opened, timeout=20000):
        drop_on(window, images[:2])
    assert window.is_working
    assert window.work.canvas.hasFocus() or not window.isActiveWindow()


@pytest.mark.qt_log_ignore("This plugin does not support")  # of the offscreen screen
def test_that_dropped_masks_are_imported_after_the_questions_that_only_the_user_can_answer(
    working: MainWindow, images: list[Path], tmp_path: Path, qtbot: QtBot
) -> None:
    session = working.session
    mask = tmp_path / "masks" / images[0].name
    mask.parent.mkdir()
    cv2.imwrite(str(mask), np.full((48, 64), 255, np.uint8))
    drop_on(working, [mask])
    working.findChild(DropQuestion).masks_button.click()
    qtbot.waitUntil(lambda: working.findChild(MaskQuestionsDialog) is not None, timeout=10_000)
    dialog = working.findChild(MaskQuestionsDialog)
    dialog.choices[0].setCurrentIndex(dialog.choices[0].findData(1))
    dialog.import_button.click()
    qtbot.waitUntil(lambda: not session.tasks.running and session.labels.counts[1] == 48 * 64, timeout=10_000)
    assert len(session.cases) == len(images)


def test_that_there_is_a_zoom_only_with_an_image(window: MainWindow, images: list[Path], qtbot: QtBot) -> None:
    window.work.canvas.zoom_changed.emit(96.0)
    assert window.work.tool_bar.zoom.text() == ""
    with qtbot.waitSignal(window.session.case_opened, timeout=20000):
        window.session.open_paths(images[:1])
    qtbot.waitUntil(lambda: window.work.tool_bar.zoom.text().endswith("%"))


def test_that_the_title_names_the_project(working: MainWindow) -> None:
    assert working.session.project.name in working.windowTitle()


def test_that_closing_the_project_leads_back_to_the_start_page_that_lists_it(working: MainWindow, qtbot: QtBot) -> None:
    working.session.close_project()
    assert not working.is_working
    qtbot.waitUntil(working.start.continue_tile.isEnabled, timeout=10_000)


def test_that_a_file_that_cannot_be_opened_leads_to_the_start_page_which_says_why(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    wrong = tmp_path / "notes.png"
    wrong.write_text("no picture")
    window.show_work()
    window.session.open_paths([wrong])
    qtbot.waitUntil(lambda: not window.is_working, timeout=10_000)
    assert window.banner.isVisible()


def test_that_the_project_can_be_opened_again_from_its_tile(working: MainWindow, qtbot: QtBot) -> None:
    working.session.close_project()
    qtbot.waitUntil(working.start.continue_tile.isEnabled, timeout=10_000)
    with qtbot.waitSignal(working.session.case_opened, timeout=20000):
        working.start.continue_tile.click()
    assert working.is_working


def test_that_a_stroke_can_be_undone_from_the_tool_bar(working: MainWindow, qtbot: QtBot) -> None:
    canvas = working.work.canvas
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=canvas.rect().center())
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=canvas.rect().center() + QPoint(3, 3))
    painted = working.session.labels.annotated
    assert working.action_table["undo"].isEnabled()
    working.action_table["undo"].trigger()
    assert painted > 0
    assert working.session.labels.annotated == 0


def test_that_a_notice_hangs_over_the_page_that_is_shown(working: MainWindow) -> None:
    working.session.notice.emit("The disk is full.", "error")
    assert working.banner.isVisible()
    assert working.banner.parent() is working.work.centre
    working.session.close_project()
    working.session.notice.emit("The folder is read-only.", "warning")
    assert working.banner.isVisible()


def test_that_closing_the_window_ends_the_session(working: MainWindow) -> None:
    working.close()
    assert working.session.project is None


def test_that_an_export_from_its_panel_ends_with_the_files_and_the_result_in_place(
    working: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    working.show_section("export")
    panel = working.work.column.sections["export"].panel
    assert isinstance(panel, ExportPanel)
    annotation = working.session.annotation
    annotation.press(Pointer(10, 10))
    annotation.release()
    panel.form.what.choose("labels")
    panel.form.cases.setCurrentIndex(panel.form.cases.findData(OPEN_CASE))
    panel.form.folder.setText(str(tmp_path / "out"))
    panel.export_button.click()
    assert not panel.export_button.isEnabled() and not working.status.bar.isHidden()
    working.session.notice.emit("Something else went wrong.", "error")
    qtbot.waitUntil(lambda: not panel.result.isHidden(), timeout=20_000)
    assert panel.result.text() == "Exported to “out”." and panel.export_button.isEnabled()
    assert working.status.bar.isHidden()
    assert [path.name for path in (tmp_path / "out").glob("*.png")] == ["picture_00.png"]


def test_that_the_result_of_an_export_comes_into_sight(working: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    working.resize(1280, 800)
    working.show_section("export")
    column = working.work.column
    panel = column.sections["export"].panel
    assert isinstance(panel, ExportPanel)
    working.session.annotation.press(Pointer(10, 10))
    working.session.annotation.release()
    panel.form.what.choose("labels")
    panel.form.folder.setText(str(tmp_path / "out"))
    qtbot.wait(300)
    column.verticalScrollBar().setValue(panel.export_button.mapTo(column.widget(), QPoint(0, 12)).y() - column.viewport().height())
    panel.export_button.click()
    qtbot.waitUntil(lambda: not panel.result.isHidden(), timeout=20_000)
    qtbot.waitUntil(lambda: panel.open_button.visibleRegion().boundingRect() == panel.open_button.rect(), timeout=5_000)


def test_that_the_export_folder_of_a_project_is_still_remembered_after_closing(
    working: MainWindow, preferences: Preferences, tmp_path: Path
) -> None:
    working.show_section("export")
    panel = working.work.column.sections["export"].panel
    assert isinstance(panel, ExportPanel)
    panel.form.folder.setText(str(tmp_path / "elsewhere"))
    panel.form.remember_folder()
    project = str(working.session.project.path)
    working.close()
    assert Preferences(preferences.path).get("export_folders", {}) == {project: str(tmp_path / "elsewhere")}


def test_that_open_sections_are_remembered(working: MainWindow) -> None:
    working.show_section("export")
    assert "export" in working._preferences.get("sections", [])


def test_that_every_section_shows_its_panel_when_opened(working: MainWindow, qtbot: QtBot) -> None:
    for name in working.work.column.sections:
        working.show_section(name)
    qtbot.waitUntil(lambda: all(section.panel.isVisible() for section in working.work.column.sections.values()))


def test_that_a_section_opened_at_the_foot_of_the_column_comes_into_sight(working: MainWindow, qtbot: QtBot) -> None:
    section, column = working.work.column.sections["image"], working.work.column
    column.verticalScrollBar().setValue(column.verticalScrollBar().maximum())
    section.heading.click()
    foot = lambda: section.mapTo(column.viewport(), section.rect().bottomLeft()).y()  # noqa: E731
    qtbot.waitUntil(lambda: section.panel.isVisible() and foot() <= column.viewport().height())


def test_that_a_section_stays_under_the_pointer_when_one_above_it_grows_until_the_user_scrolls(working: MainWindow, qtbot: QtBot) -> None:
    column = working.work.column
    export, learning, bar = column.sections["export"], column.sections["learning"], column.verticalScrollBar()
    working.show_section("export")
    qtbot.waitUntil(lambda: bar.value() > 0 and all(s.panel is not None for s in column.sections.values() if s.opened), timeout=5_000)
    learning.setFixedHeight(600)  # whatever its panel says meanwhile
    qtbot.wait(300)
    top, place = export.y(), export.y() - bar.value()
    learning.setFixedHeight(750)
    qtbot.waitUntil(lambda: export.y() > top + 100 and export.y() - bar.value() == place, timeout=5_000)
    bar.triggerAction(QScrollBar.SliderAction.SliderSingleStepSub)
    value = bar.value()
    learning.setFixedHeight(900)
    qtbot.waitUntil(lambda: export.y() > top + 250, timeout=5_000)
    qtbot.wait(50)
    assert bar.value() == value


def test_that_nothing_in_the_right_column_is_wider_than_it(working: MainWindow, qtbot: QtBot) -> None:
    for name in working.work.column.sections:
        working.show_section(name)
    column = working.work.column
    qtbot.waitUntil(lambda: all(s.panel is not None for s in working.work.column.sections.values()))
    needed = {name: section.minimumSizeHint().width() for name, section in working.work.column.sections.items()}
    assert {name: width for name, width in needed.items() if width > column.viewport().width()} == {}


def test_that_a_right_click_offers_the_painted_class(working: MainWindow) -> None:
    annotation = working.session.annotation
    value = working.session.classes.values[0]
    annotation.set_active_class(value)
    annotation.press(Pointer(10.0, 10.0))
    annotation.release()
    menu = working.work.menu_at((0, 10, 10))
    assert any(working.session.classes[value].name in action.text() for action in menu.actions())


def test_that_a_typed_brush_size_counts_and_gives_the_keys_back_to_the_canvas(working: MainWindow, qtbot: QtBot) -> None:
    box = working.work.tool_bar.findChild(QSpinBox)
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, "37")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert working.session.annotation.tools["brush"].size == 37
    assert working.work.canvas.hasFocus()


def test_that_the_size_in_the_tool_bar_follows_the_keys(working: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(working.work.canvas, Qt.Key.Key_BracketLeft)
    assert working.work.tool_bar.findChild(QSpinBox).value() == working.session.annotation.tools["brush"].size


def test_that_planes_are_offered_for_volumes_only(working: MainWindow) -> None:
    assert not working.action_table["plane_y"].isEnabled()


def test_that_each_direction_of_a_volume_comes_back_at_the_slice_seen_last(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    volume = tmp_path / "volume.tif"
    tifffile.imwrite(volume, np.arange(8 * 20 * 24, dtype=np.uint16).reshape(8, 20, 24))
    with qtbot.waitSignal(window.session.case_opened, timeout=10_000):
        window.session.open_paths([volume])
    cursor = window.session.cursor
    cursor.go_to(6)
    window.action_table["plane_y"].trigger()
    assert cursor.plane.index == 10
    cursor.go_to(3)
    window.action_table["plane_z"].trigger()
    assert cursor.plane.index == 6
    window.action_table["plane_y"].trigger()
    assert cursor.plane.index == 3
