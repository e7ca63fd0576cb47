"""Polygon, lasso and fill: the voxels that an outline encloses."""

from __future__ import annotations

import numpy as np

from unetstudio.data.labels import LabelMap
from unetstudio.data.stroke import Stroke
from unetstudio.tools.brush import Brush
from unetstudio.tools.fill import Fill
from unetstudio.tools.image_plane import ImagePlane
from unetstudio.tools.lasso import Lasso
from unetstudio.tools.outline import enclosed
from unetstudio.tools.polygon import Polygon
from unetstudio.tools.tool import Pointer, ToolContext


def inside(corners: list[tuple[float, float]], within: tuple[int, int] = (40, 50)) -> np.ndarray:
    mask = np.zeros(within, bool)
    (top, left), part = enclosed(corners, within)
    mask[top : top + part.shape[0], left : left + part.shape[1]] = part
    return mask


def context(stroke: Stroke, press: Pointer) -> ToolContext:
    """Return a context on a black image."""
    return ToolContext(stroke, press, ImagePlane(np.zeros((1, *stroke.labels.shape), np.uint8), press.plane))


def test_that_a_rectangle_holds_the_voxel_centres_within_it() -> None:
    expected = np.zeros((40, 50), bool)
    expected[3:8, 5:20] = True
    np.testing.assert_array_equal(inside([(2.5, 4.5), (2.5, 19.5), (7.5, 19.5), (7.5, 4.5)]), expected)


def test_that_the_direction_round_an_outline_does_not_matter() -> None:
    corners = [(3.2, 4.1), (30.7, 9.9), (22.2, 44.4), (9.0, 30.0)]
    np.testing.assert_array_equal(inside(corners), inside(corners[::-1]))


def test_that_neighbouring_outlines_share_no_voxel_and_leave_none_out() -> None:
    left = inside([(2.0, 2.0), (30.0, 2.0), (30.0, 20.0), (2.0, 20.0)])
    right = inside([(2.0, 20.0), (30.0, 20.0), (30.0, 40.0), (2.0, 40.0)])
    both = inside([(2.0, 2.0), (30.0, 2.0), (30.0, 40.0), (2.0, 40.0)])
    assert not (left & right).any()
    np.testing.assert_array_equal(left | right, both)


def test_that_a_lasso_that_overlaps_its_own_beginning_has_no_hole() -> None:
    once = [(5.0, 5.0), (5.0, 30.0), (30.0, 30.0), (30.0, 5.0)]
    np.testing.assert_array_equal(inside(once + once[:3]), inside(once))


def test_that_an_outline_partly_outside_is_cut_at_the_border() -> None:
    mask = inside([(-10.0, -10.0), (-10.0, 100.0), (9.5, 100.0), (9.5, -10.0)])
    assert mask[:10].all() and not mask[10:].any()


def test_that_a_click_on_the_first_corner_closes_a_polygon() -> None:
    labels = LabelMap.unlabelled((1, 40, 50))
    drag = Polygon().drag(context(Stroke(labels, 1, tool="polygon"), Pointer(5, 5)))
    assert next(drag).outline == ((5, 5),)
    drag.send(Pointer(5, 30))
    assert drag.send(Pointer(20, 20, pressed=False)).outline == ((5, 5), (5, 30), (20, 20))
    drag.send(Pointer(30, 30))
    touched = drag.send(Pointer(5.5, 5.5))
    assert touched.done and labels.values[0, 10, 20] == 1


def test_that_a_polygon_of_two_corners_fills_nothing() -> None:
    labels = LabelMap.unlabelled((1, 40, 50))
    stroke = Stroke(labels, 1, tool="polygon")
    drag = Polygon().drag(context(stroke, Pointer(5, 5)))
    next(drag)
    drag.send(Pointer(5, 30))
    drag.send(None)
    assert stroke.commit() is None


def test_that_a_lasso_is_filled_on_release_and_not_before() -> None:
    labels = LabelMap.unlabelled((1, 40, 50))
    drag = Lasso().drag(context(Stroke(labels, 1, tool="lasso"), Pointer(5, 5)))
    next(drag)
    for row, column in [(5, 30), (30, 30), (30, 5)]:
        drag.send(Pointer(row, column))
    assert (labels.values == 255).all()
    drag.close()
    assert labels.values[0, 15, 15] == 1


def test_that_fill_stays_within_a_painted_outline_of_one_voxel() -> None:
    labels = LabelMap.unlabelled((1, 60, 60))
    stroke = Stroke(labels, 1, tool="brush")
    drag = Brush(1).drag(context(stroke, Pointer(30, 10)))
    next(drag)
    for row, column in [(10, 30), (30, 50), (50, 30), (30, 10)]:
        drag.send(Pointer(row, column))
    drag.close()
    next(Fill().drag(context(Stroke(labels, 2, tool="fill"), Pointer(30, 30))))
    assert labels.values[0, 30, 30] == 2
    assert labels.values[0, 2, 2] == 255 and (labels.values[0] == 2).sum() < 900


def test_that_fill_recolours_the_connected_region_under_the_pointer_only() -> None:
    values = np.full((1, 20, 20), 255, np.uint8)
    values[0, 2:6, 2:6] = 1
    values[0, 10:14, 2:6] = 1
    labels = LabelMap(values)
    next(Fill().drag(context(Stroke(labels, 3, tool="fill"), Pointer(3, 3))))
    assert (labels.values[0, 2:6, 2:6] == 3).all() and (labels.values[0, 10:14, 2:6] == 1).all()
