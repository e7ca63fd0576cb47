"""The canvas under user input: painting, moving, zooming, windowing, keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPointF, QRect, Qt
from pytestqt.qtbot import QtBot
from ui.laid_open import clear

from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.ui.session import Session

Hand = Any  # conftest.Hand
KEYS, BUTTONS = Qt.KeyboardModifier, Qt.MouseButton


class Painted(QObject):
    """The rectangles that a widget repaints."""

    def __init__(self, watched: QObject) -> None:
        super().__init__(watched)
        self.rects: list[QRect] = []
        watched.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        if event.type() == QEvent.Type.Paint:
            self.rects.append(event.rect())
        return False


# ----------------------------------------------------------------------------------------------------------- painting


def test_that_a_drag_paints_the_voxels_under_the_pointer(picture: Hand, session: Session) -> None:
    picture.drag((20, 10), (20, 40))
    assert (session.labels.values[0, 20, 10:41] == 1).all()
    assert (session.labels.values[0, 25:] == 255).all()
    red, green, blue = picture.colour(20, 25)
    assert red > green + 60 and red > blue + 60


def test_that_painting_is_on_the_screen_before_the_event_ends(picture: Hand) -> None:
    painted = Painted(picture.canvas)
    picture.press(20, 10)
    painted.rects.clear()
    picture.move(20, 30)
    assert len(painted.rects) == 1


def test_that_a_move_repaints_its_own_rectangle_only(picture: Hand) -> None:
    painted = Painted(picture.canvas)
    picture.press(20, 10)
    picture.move(20, 12)
    painted.rects.clear()
    picture.move(20, 14)
    (rect,) = painted.rects
    assert rect.width() < 70 and rect.height() < 60


@pytest.mark.parametrize("outline", [False, True])
@pytest.mark.parametrize("scale", [0.4, 1.0, 5.0])
def test_that_the_screen_after_painting_is_the_screen_composed_anew(picture: Hand, session: Session, scale: float, outline: bool) -> None:
    canvas = picture.canvas
    session.display.show(replace(session.display.options, outline=outline))
    canvas.zoom_by(scale / canvas.picture.view.scale)
    canvas.grab()
    picture.drag((20, 10), (22, 40), (50, 35))
    session.annotation.tools.choose("eraser")
    session.annotation.tools.set_options("eraser", size=3)
    picture.drag((18, 30), (26, 30))
    canvas.grab()
    shown = canvas.picture.buffer.copy()
    canvas.invalidate(base=True)
    canvas.grab()
    np.testing.assert_array_equal(shown, canvas.picture.buffer)


def test_that_escape_cancels_the_current_stroke(picture: Hand, session: Session, qtbot: QtBot) -> None:
    before = picture.colour(20, 25)
    picture.press(20, 10)
    picture.move(20, 40)
    qtbot.keyClick(picture.canvas, Qt.Key.Key_Escape)
    assert (session.labels.values == 255).all()
    picture.release(20, 40)
    assert picture.colour(20, 25) == before and not session.annotation.can_undo


def test_that_another_button_does_not_end_a_stroke(picture: Hand, session: Session) -> None:
    picture.press(20, 10)
    picture.drag((20, 12), button=BUTTONS.RightButton)
    assert session.annotation.stroke_active
    picture.move(20, 40)
    picture.release(20, 40)
    assert session.labels.values[0, 20, 38] == 1 and session.display.options.window is None


def test_that_undo_is_seen(picture: Hand, session: Session) -> None:
    before = picture.colour(20, 25)
    picture.drag((20, 10), (20, 40))
    session.annotation.undo()
    assert picture.colour(20, 25) == before


@pytest.mark.parametrize("end", ["double click", "enter", "first corner"])
def test_that_a_polygon_is_closed_in_each_of_three_ways(picture: Hand, session: Session, qtbot: QtBot, end: str) -> None:
    session.annotation.tools.choose("polygon")
    corners = [(10, 10), (10, 50), (40, 50), (40, 10)]
    for corner in corners:
        picture.drag(corner, corner)
        picture.move(30, 30)
    if end == "double click":
        qtbot.mouseDClick(picture.canvas, BUTTONS.LeftButton, pos=picture.at(*corners[-1]).toPoint())
    elif end == "enter":
        qtbot.keyClick(picture.canvas, Qt.Key.Key_Return)
    else:
        picture.drag((10, 10), (10, 10))
    assert (session.labels.values[0, 12:38, 12:48] == 1).all() and (session.labels.values[0, 43:] == 255).all()
    assert not session.annotation.stroke_active


def test_that_the_lassos_outline_is_seen_while_it_is_drawn(picture: Hand, session: Session) -> None:
    session.annotation.tools.choose("lasso")
    before = picture.colour(10, 30)
    picture.press(10, 10)
    picture.move(10, 50)
    assert picture.colour(10, 30) != before
    picture.release(10, 50)


def test_that_fill_works_by_a_click(picture: Hand, session: Session) -> None:
    session.annotation.tools.choose("fill")
    picture.drag((30, 30), (30, 30))
    assert (session.labels.values == 1).all()


def test_that_picking_takes_the_class_under_the_pointer(picture: Hand, session: Session) -> None:
    session.labels.values[0, 30, 30] = 0
    session.annotation.tools.choose("pick")
    picture.drag((30, 30), (30, 30))
    assert session.annotation.active_class == 0


def test_that_picking_beside_the_labels_or_the_image_leaves_the_class(picture: Hand, session: Session) -> None:
    session.annotation.tools.choose("pick")
    picture.drag((30, 30), (30, 30))
    picture.drag((30, -3), (30, -3))
    assert session.annotation.active_class == 1 and session.labels.annotated == 0


def test_that_the_ring_of_the_brush_is_gone_in_a_mode(picture: Hand, session: Session) -> None:
    picture.canvas.zoom_100()
    session.annotation.tools.set_options("brush", size=31)
    picture.move(30, 40)
    with_ring = picture.canvas.grab().toImage()
    session.annotation.tools.choose("pan")
    assert picture.canvas.grab().toImage() != with_ring
    session.annotation.tools.choose("brush")
    assert picture.canvas.grab().toImage() == with_ring


# --------------------------------------------------------------------------------------------------- moving, zooming


@pytest.mark.parametrize("how", ["middle", "space", "tool"])
def test_that_the_image_is_moved_in_each_of_three_ways(picture: Hand, session: Session, qtbot: QtBot, how: str) -> None:
    canvas = picture.canvas
    start = canvas.picture.view.device(0, 0)
    button = BUTTONS.MiddleButton if how == "middle" else BUTTONS.LeftButton
    if how == "tool":
        session.annotation.tools.choose("pan")
    if how == "space":
        qtbot.keyPress(canvas, Qt.Key.Key_Space)
    qtbot.mousePress(canvas, button, pos=QPointF(200, 150).toPoint())
    qtbot.mouseMove(canvas, QPointF(230, 140).toPoint())
    qtbot.mouseRelease(canvas, button, pos=QPointF(230, 140).toPoint())
    qtbot.keyRelease(canvas, Qt.Key.Key_Space)
    assert canvas.picture.view.device(0, 0) == pytest.approx((start[0] + 30, start[1] - 10))
    assert (session.labels.values == 255).all()
    shown = canvas.picture.buffer.copy()
    canvas.invalidate(base=True)
    canvas.grab()
    np.testing.assert_array_equal(shown, canvas.picture.buffer)


def test_that_the_wheel_zooms_a_picture_at_the_pointer(picture: Hand) -> None:
    view, at = picture.canvas.picture.view, QPointF(120, 90)
    before, scale = view.voxel_under(120, 90), view.scale
    picture.wheel(120, at=at)
    assert view.scale > scale and view.voxel_under(120, 90) == pytest.approx(before)


def test_that_zooming_rests_at_100_percent(picture: Hand) -> None:
    view = picture.canvas.picture.view
    view.zoom_to(0.9)
    picture.wheel(120)
    assert view.scale == 1.0
    picture.wheel(120)
    assert view.scale == pytest.approx(1.25)


def test_that_fit_and_100_percent_tell_the_zoom(picture: Hand, qtbot: QtBot) -> None:
    with qtbot.waitSignal(picture.canvas.zoom_changed, check_params_cb=lambda zoom: zoom == 1.0):
        picture.canvas.zoom_100()
    with qtbot.waitSignal(picture.canvas.zoom_changed, check_params_cb=lambda zoom: zoom > 4):
        picture.canvas.fit()


def test_that_the_wheel_turns_the_pages_of_a_volume(volume: Hand, session: Session) -> None:
    volume.wheel(-120)
    assert session.cursor.plane.index == 5
    volume.wheel(120 * 20)
    assert session.cursor.plane.index == 0


def test_that_ctrl_and_the_wheel_zoom_a_volume(volume: Hand, session: Session) -> None:
    scale = volume.canvas.picture.view.scale
    volume.wheel(120, KEYS.ControlModifier)
    assert volume.canvas.picture.view.scale > scale and session.cursor.plane.index == 4


def test_that_small_turns_of_a_touch_pad_add_up_to_a_slice(volume: Hand, session: Session) -> None:
    for _ in range(4):
        volume.wheel(-30)
    assert session.cursor.plane.index == 5


def test_that_shift_and_the_wheel_change_the_brush(picture: Hand, session: Session) -> None:
    picture.wheel(240, KEYS.ShiftModifier)
    assert session.annotation.tools["brush"].size == 7


def test_that_alt_and_the_wheel_change_the_opacity(picture: Hand, session: Session) -> None:
    picture.wheel(-120, KEYS.AltModifier)
    assert session.display.options.label_opacity == pytest.approx(0.5)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_that_a_volume_is_painted_in_all_three_directions(volume: Hand, session: Session, axis: int) -> None:
    session.cursor.look_along(axis)
    volume.canvas.session.cursor.go_to(3)
    volume.canvas.grab()
    volume.drag((3, 10), (3, 20))
    plane = np.moveaxis(session.labels.values, axis, 0)[3]
    assert (plane[3, 10:21] == 1).all()
    assert session.labels.annotated == (plane == 1).sum()


def test_that_a_head_is_up_however_the_file_stores_it(volume: Hand, session: Session) -> None:
    session.cursor.look_along(1)
    assert volume.canvas.scene.marks("").letters == ("S", "I", "R", "L")
    assert volume.at(7, 10).y() < volume.at(0, 10).y()
    volume.drag((7, 10), (7, 20))
    assert (session.labels.values[7, session.cursor.plane.index, 10:21] == 1).all()


def test_that_the_slice_track_is_dragged_and_not_painted_on(volume: Hand, session: Session, qtbot: QtBot) -> None:
    canvas = volume.canvas
    qtbot.mousePress(canvas, BUTTONS.LeftButton, pos=QPointF(386, 60).toPoint())
    qtbot.mouseMove(canvas, QPointF(386, 290).toPoint())
    qtbot.mouseRelease(canvas, BUTTONS.LeftButton, pos=QPointF(386, 290).toPoint())
    assert session.cursor.plane.index == 7 and session.labels.annotated == 0


# ------------------------------------------------------------------------------------------------------ what is shown


def test_that_right_drag_changes_window_and_level(picture: Hand, session: Session, qtbot: QtBot) -> None:
    before = picture.colour(30, 30)
    for act, place in ((qtbot.mousePress, (200, 150)), (qtbot.mouseMove, (200, 100)), (qtbot.mouseRelease, (200, 100))):
        act(picture.canvas, *([] if act == qtbot.mouseMove else [BUTTONS.RightButton]), pos=QPointF(*place).toPoint())
    low, high = session.display.options.window
    assert high - low == pytest.approx(255) and high + low < 255
    assert picture.colour(30, 30) > before


def test_that_a_right_click_asks_for_a_menu_at_its_voxel(picture: Hand, session: Session, qtbot: QtBot) -> None:
    with qtbot.waitSignal(picture.canvas.menu_requested, check_params_cb=lambda index, _: index == (0, 30, 40)):
        picture.drag((30, 40), button=BUTTONS.RightButton)
    assert session.display.options.window is None


def test_that_tab_held_shows_the_raw_image(picture: Hand, session: Session, qtbot: QtBot) -> None:
    before = picture.colour(20, 25)
    picture.drag((20, 10), (20, 40))
    picture.move(50, 70)
    qtbot.keyPress(picture.canvas, Qt.Key.Key_Tab)
    assert picture.colour(20, 25) == before
    qtbot.keyRelease(picture.canvas, Qt.Key.Key_Tab)
    assert picture.colour(20, 25) != before and not session.display.options.raw_held


def test_that_the_voxel_under_the_pointer_is_shown(volume: Hand, session: Session, qtbot: QtBot) -> None:
    session.labels.values[4, 10, 20] = 1
    with qtbot.waitSignal(volume.canvas.pointer_moved) as emitted:
        volume.move(10, 20)
    (found,) = emitted.args
    assert (found.index, found.class_name) == ((4, 10, 20), "thing")
    assert found.values == (4 * 1200 + 10 * 40 + 20 - 500,)
    assert found.position == pytest.approx((20.0, 10.0, 16.0))


def test_that_another_slice_updates_the_voxel_under_the_resting_pointer(volume: Hand, qtbot: QtBot) -> None:
    volume.move(10, 20)
    with qtbot.waitSignal(volume.canvas.pointer_moved) as emitted:
        volume.canvas.session.cursor.go_to(2)
    assert emitted.args[0].index == (2, 10, 20)


def test_that_outside_the_image_nothing_is_reported(picture: Hand, qtbot: QtBot) -> None:
    picture.move(30, 30)
    with qtbot.waitSignal(picture.canvas.pointer_moved) as emitted:
        qtbot.mouseMove(picture.canvas, QPointF(1, 1).toPoint())
    assert emitted.args == [None]


def test_that_the_visible_voxels_are_reported_once_the_view_rests(volume: Hand, qtbot: QtBot) -> None:
    with qtbot.waitSignal(volume.canvas.view_changed) as emitted:
        volume.canvas.session.cursor.go_to(2)
    region, focus = emitted.args
    assert region == Region((2, 0, 0), (3, 30, 40)) and focus == (2, 15, 20)


def test_that_a_prediction_appears_without_being_asked_for(picture: Hand, session: Session, qtbot: QtBot) -> None:
    before = picture.colour(30, 30)
    session.review.segmentation = np.ones((1, 60, 80), np.uint8)
    session.review.segmentation_changed.emit(Region.whole((1, 60, 80)))
    qtbot.waitUntil(lambda: picture.colour(30, 30) != before)
    red, _, blue = picture.colour(30, 30)
    assert red > blue


def test_that_recolouring_a_class_is_seen(picture: Hand, session: Session) -> None:
    picture.drag((20, 10), (20, 40))
    session.change(lambda project: project.classes.recolour(1, (0, 255, 0)))
    red, green, _ = picture.colour(20, 25)
    assert green > red


# ------------------------------------------------------------------------------------------------------------- cases


def test_that_coming_back_to_a_case_shows_the_same_place(picture: Hand, session: Session, open_case: Callable, qtbot: QtBot) -> None:
    canvas, first = picture.canvas, session.scan
    canvas.zoom_by(2.0, QPointF(50, 50))
    before = canvas.scene.view_state()
    qtbot.waitUntil(lambda: session.project.view.get("views", {}).get(session.case.id) == before)
    open_case(Scan(np.zeros((1, 1, 20, 30), np.uint8)), "bbbbbbbb")
    assert "scale" not in canvas.scene.view_state()
    open_case(first, session.cases[0].id)
    assert canvas.scene.view_state() == before


def test_that_a_closed_project_leaves_an_empty_canvas(picture: Hand, session: Session) -> None:
    session.close_project()
    assert picture.colour(30, 30) == (picture.canvas.surround.red(), picture.canvas.surround.green(), picture.canvas.surround.blue())
    picture.move(30, 30)
    picture.drag((30, 30), button=BUTTONS.RightButton)


def test_that_removing_the_last_case_empties_the_canvas(picture: Hand, session: Session, qtbot: QtBot) -> None:
    clear(session)
    qtbot.waitUntil(lambda: picture.canvas.picture.image is None)


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (1, 1, 1, 500), (3, 1, 500, 1), (2, 5, 4, 3)])
def test_that_images_of_any_shape_can_be_shown_and_painted(show: Callable[[Scan], Hand], session: Session, shape: tuple[int, ...]) -> None:
    hand = show(Scan(np.zeros(shape, np.uint16)))
    hand.drag((0, 0), (0, 0))
    hand.canvas.grab()
    assert session.labels.annotated > 0
