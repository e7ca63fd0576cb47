"""Dragging the window over the histogram."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from unetstudio.ui.panels.range_slider import RangeSlider


@pytest.fixture
def slider(qtbot: QtBot) -> RangeSlider:
    made = RangeSlider(name="slider")
    qtbot.addWidget(made)
    made.resize(214, 84)  # 200 pixels between the margins
    made.show_histogram(np.ones(10, np.int64), (0.0, 1000.0))
    made.set_window(200.0, 800.0)
    made.show()
    return made


def drag(qtbot: QtBot, slider: RangeSlider, start: float, stop: float) -> None:
    a, b = (QPoint(round(slider.x_of(value)), 20) for value in (start, stop))
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=a)
    qtbot.mouseMove(slider, b)
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=b)


def test_that_the_low_end_is_dragged_alone(qtbot: QtBot, slider: RangeSlider) -> None:
    with qtbot.waitSignal(slider.changed):
        drag(qtbot, slider, 200, 300)
    assert slider.low == pytest.approx(300, abs=6)
    assert slider.high == 800


def test_that_the_high_end_cannot_pass_the_low_end(qtbot: QtBot, slider: RangeSlider) -> None:
    drag(qtbot, slider, 800, 100)
    assert slider.low == 200
    assert slider.low < slider.high < 210


def test_that_the_stretch_between_moves_as_a_whole(qtbot: QtBot, slider: RangeSlider) -> None:
    drag(qtbot, slider, 500, 600)
    assert slider.high - slider.low == pytest.approx(600)
    assert slider.low == pytest.approx(300, abs=6)


def test_that_a_double_click_asks_for_automatic(qtbot: QtBot, slider: RangeSlider) -> None:
    with qtbot.waitSignal(slider.reset):
        qtbot.mouseDClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(100, 20))


def test_that_arrow_keys_move_and_widen_the_window(qtbot: QtBot, slider: RangeSlider) -> None:
    qtbot.keyClick(slider, Qt.Key.Key_Right)
    assert (slider.low, slider.high) == (210.0, 810.0)
    qtbot.keyClick(slider, Qt.Key.Key_Up)
    assert (slider.low, slider.high) == (200.0, 820.0)


def test_that_a_constant_window_still_draws(qtbot: QtBot, slider: RangeSlider) -> None:
    slider.show_histogram(np.zeros(0, np.int64), (0.0, 0.0))
    slider.set_window(0.0, 0.0, inverted=True)
    assert not slider.grab().isNull()
