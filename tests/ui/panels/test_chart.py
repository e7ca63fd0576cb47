"""The curves of the learning panel."""

import math

import pytest
from pytestqt.qtbot import QtBot

from unetstudio.data.classes import LabelClass
from unetstudio.ui.panels.chart import MOST_POINTS, Chart
from unetstudio.ui.panels.score_bars import ScoreBars


@pytest.fixture
def chart(qtbot: QtBot) -> Chart:
    made = Chart("Loss", "Nothing yet.", name="chart")
    qtbot.addWidget(made)
    made.resize(240, 100)
    return made


def test_that_a_long_curve_is_averaged_to_what_fits_the_screen(chart: Chart) -> None:
    chart.show_points([(float(i), 1.0) for i in range(20_000)])
    assert len(chart.points) == MOST_POINTS


def test_that_a_loss_that_is_no_number_leaves_a_gap(chart: Chart) -> None:
    chart.show_points([(0.0, 1.0), (1.0, math.nan), (2.0, 0.5)])
    assert len(chart.points) == 2


def test_that_an_empty_curve_says_why(chart: Chart) -> None:
    chart.show_points([])
    assert chart.accessibleDescription() == "Nothing yet."
    assert not chart.grab().isNull()


def test_that_the_latest_value_is_announced_to_a_screen_reader(chart: Chart) -> None:
    chart.show_points([(0.0, 1.0), (65.0, 0.25)])
    assert chart.accessibleDescription() == "0.25 after 1 min 05 s"


@pytest.mark.parametrize("values", [(0.0, 0.0), (-1.0, 2.0), (1e9, 1e-9)])
def test_that_odd_values_are_drawn(chart: Chart, values: tuple[float, float]) -> None:
    chart.show_points([(0.0, values[0]), (0.0, values[1])])
    assert not chart.grab().isNull()


def test_that_a_class_without_a_score_is_listed(qtbot: QtBot) -> None:
    bars = ScoreBars(name="bars")
    qtbot.addWidget(bars)
    bars.show_scores([LabelClass(0, "background", (9, 9, 9)), LabelClass(3, "nucleus", (200, 0, 0))], {3: 0.5})
    assert bars.accessibleDescription() == "background not scored yet, nucleus 0.50"
    assert not bars.grab().isNull()
