"""The brush and the eraser: the voxels that a round brush covers."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.stroke import Stroke
from unetstudio.tools.brush import Brush, outline
from unetstudio.tools.eraser import Eraser
from unetstudio.tools.image_plane import ImagePlane
from unetstudio.tools.tool import Pointer, ToolContext


def context(stroke: Stroke, press: Pointer) -> ToolContext:
    """Return a context on a black image."""
    return ToolContext(stroke, press, ImagePlane(np.zeros((1, *stroke.labels.shape), np.uint8), press.plane))


def painted(size: int, way: list[tuple[float, float]], spacing: tuple[float, float] = (1.0, 1.0)) -> np.ndarray:
    labels = LabelMap.unlabelled((1, 120, 200))
    stroke = Stroke(labels, 1, tool="brush")
    pointers = [Pointer(row, column, spacing=spacing) for row, column in way]
    drag = Brush(size).drag(context(stroke, pointers[0]))
    next(drag)
    for at in pointers[1:]:
        drag.send(at)
    drag.close()
    return labels.values[0] == 1


@pytest.mark.parametrize("size", [1, 2, 3, 8, 15, 64])
def test_that_a_brush_of_n_covers_n_voxels_across(size: int) -> None:
    mask = painted(size, [(60.2, 99.7)])
    assert mask.any(axis=1).sum() == size
    assert mask.any(axis=0).sum() == size


def test_that_a_brush_of_one_paints_the_voxel_under_the_pointer() -> None:
    mask = painted(1, [(10.4, 20.49)])
    assert np.argwhere(mask).tolist() == [[10, 20]]


@pytest.mark.parametrize("size", [1, 2, 5, 20])
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (5.0, 1.0), (0.5, 2.0)])
def test_that_a_fast_move_leaves_no_gap(size: int, spacing: tuple[float, float]) -> None:
    mask = painted(size, [(5.0, 5.0), (110.0, 60.0), (20.3, 190.0), (20.0, 20.0)], spacing)
    parts, _ = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    assert parts == 2  # background and one stroke


def test_that_the_brush_is_round_in_the_patient_when_voxels_are_not_cubes() -> None:
    mask = painted(41, [(60.0, 100.0)], spacing=(4.0, 1.0))
    assert mask.any(axis=0).sum() == 41
    assert mask.any(axis=1).sum() in (10, 11)


def test_that_a_move_touches_only_the_box_of_its_own_segment() -> None:
    stroke = Stroke(LabelMap.unlabelled((1, 500, 500)), 1, tool="brush")
    drag = Brush(7).drag(context(stroke, Pointer(50, 50)))
    next(drag)
    drag.send(Pointer(50, 400))
    region = drag.send(Pointer(50, 410)).region
    assert region is not None
    assert (region.start, region.stop) == ((0, 47, 397), (1, 54, 414))


def test_that_the_preview_is_where_the_brush_paints() -> None:
    at = Pointer(30.3, 40.6, spacing=(3.0, 1.0))
    (row, column), (half_row, half_column) = outline(at, 14)
    rows, columns = np.nonzero(painted(14, [(at.row, at.column)], at.spacing))
    assert row - half_row <= rows.min() and rows.max() <= row + half_row
    assert (columns.min() - 0.5, columns.max() + 0.5) == (column - half_column, column + half_column)


def test_that_the_eraser_makes_voxels_unlabelled() -> None:
    labels = LabelMap(np.ones((1, 30, 30), np.uint8))
    stroke = Stroke(labels, UNLABELLED, tool="eraser")
    drag = Eraser(5).drag(context(stroke, Pointer(10, 10)))
    next(drag)
    drag.close()
    assert labels.values[0, 10, 10] == UNLABELLED and labels.origin[0, 10, 10] == 0
