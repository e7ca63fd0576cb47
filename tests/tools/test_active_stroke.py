"""A stroke in progress, whatever feeds it with pointer positions."""

from __future__ import annotations

import numpy as np
import pytest

from unetstudio.data.labels import LabelMap
from unetstudio.data.stroke import Stroke
from unetstudio.tools.active_stroke import ActiveStroke
from unetstudio.tools.brush import Brush
from unetstudio.tools.fill import Fill
from unetstudio.tools.image_plane import ImagePlane
from unetstudio.tools.polygon import Polygon
from unetstudio.tools.tool import Pointer, Tool, ToolContext

TRIANGLE = [(5, 5), (5, 30), (30, 30)]


@pytest.fixture
def labels() -> LabelMap:
    return LabelMap.unlabelled((1, 40, 50))


def begun(tool: Tool, labels: LabelMap, row: float, column: float) -> ActiveStroke:
    press = Pointer(row, column)
    image = ImagePlane(np.zeros((1, *labels.shape), np.uint8), press.plane)
    return ActiveStroke(tool, ToolContext(Stroke(labels, 1, tool="any"), press, image))


def test_that_the_press_paints_already(labels: LabelMap) -> None:
    hand = begun(Brush(3), labels, 10, 10)
    assert hand.first.region is not None and labels.values[0, 10, 10] == 1


def test_that_what_was_painted_is_one_edit_in_the_end(labels: LabelMap) -> None:
    hand = begun(Brush(3), labels, 10, 10)
    hand.move(Pointer(10, 30))
    hand.close()
    edit = hand.commit()
    assert edit is not None and edit.count == (labels.values == 1).sum()


def test_that_a_tool_that_is_done_answers_so_whatever_follows(labels: LabelMap) -> None:
    hand = begun(Fill(), labels, 10, 10)
    assert hand.first.done
    assert hand.move(Pointer(20, 20)).done and hand.move(Pointer(30, 20)).done


def test_that_closing_fills_the_outline_of_clicks_once(labels: LabelMap) -> None:
    hand = begun(Polygon(), labels, *TRIANGLE[0])
    for corner in TRIANGLE[1:]:
        hand.move(Pointer(*corner))
    assert hand.clicks and not (labels.values == 1).any()
    assert hand.close().region is not None and labels.values[0, 10, 25] == 1
    assert hand.close().region is None


def test_that_rolling_back_leaves_nothing_of_an_open_outline(labels: LabelMap) -> None:
    hand = begun(Polygon(), labels, *TRIANGLE[0])
    for corner in TRIANGLE[1:]:
        hand.move(Pointer(*corner))
    hand.roll_back()
    assert not (labels.values == 1).any() and hand.commit() is None
