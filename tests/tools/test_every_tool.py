"""Every tool of the registry goes through the same trials on a small anisotropic volume."""

from __future__ import annotations

import numpy as np
import pytest

from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.plane import Plane
from unetstudio.data.region import Region
from unetstudio.data.stroke import Stroke
from unetstudio.tools.image_plane import ImagePlane
from unetstudio.tools.tool import TOOLS, Pointer, Tool, ToolContext
from unetstudio.ui.canvas.modes import MODES

SHAPE = (9, 14, 17)
WAY = [(1.0, 1.0), (1.3, 6.2), (6.0, 7.0), (6.4, 2.0)]
NAMES = list(TOOLS)
VOXELS = np.arange(9 * 14 * 17, dtype=np.uint16).reshape(1, *SHAPE)


def labelled() -> LabelMap:
    labels = LabelMap.unlabelled(SHAPE)
    labels.values[3:5, 3:8, 3:8] = 2
    labels.values[0:7, 0:4, 9:12] = 1
    return LabelMap(labels.values)


def stroke_on(labels: LabelMap, tool: Tool, locked: tuple[int, ...] = ()) -> Stroke:
    return Stroke(labels, UNLABELLED if tool.erases else 3, tool="any", locked=locked)


def follow(tool: Tool, stroke: Stroke, way: list[tuple[float, float]], axis: int, index: int) -> list[Region]:
    """Press, move or click along `way` and release; returns the regions to repaint."""
    plane = Plane(axis, index)
    pointers = [Pointer(row, column, plane, spacing=(2.0, 1.0), reach=0.5) for row, column in way]
    drag = tool.drag(ToolContext(stroke, pointers[0], ImagePlane(VOXELS, plane)))
    touched = [next(drag)]
    for following in [*pointers[1:], *([None] if tool.clicks else [])]:
        if touched[-1].done:
            break
        touched.append(drag.send(following))
    drag.close()
    return [t.region for t in touched if t.region is not None]


def test_that_the_tools_stand_in_the_order_of_the_tool_bar() -> None:
    assert NAMES[:5] == ["brush", "eraser", "polygon", "lasso", "fill"]


@pytest.mark.parametrize("name", NAMES)
def test_that_a_tool_can_be_shown_and_explained(name: str) -> None:
    tool = TOOLS[name]
    assert tool.title and tool.icon and tool.hint.endswith(".") and len(tool.shortcut) == 1


def test_that_no_two_tools_or_modes_share_a_key() -> None:
    keys = [TOOLS[name].shortcut for name in NAMES] + [mode.shortcut for mode in MODES.values()]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_that_a_drag_changes_labels_in_its_own_slice_only(name: str, axis: int) -> None:
    labels, tool = labelled(), TOOLS[name]()
    before = labels.values.copy()
    follow(tool, stroke := stroke_on(labels, tool), WAY, axis, 3)
    changed = np.moveaxis(labels.values != before, axis, 0)
    assert changed[3].any() and not np.delete(changed, 3, axis=0).any()
    assert stroke.commit() is not None


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_that_taking_back_restores_values_and_origins_exactly(name: str, axis: int) -> None:
    labels, tool = labelled(), TOOLS[name]()
    values, origin = labels.values.copy(), labels.origin.copy()
    stroke = stroke_on(labels, tool)
    follow(tool, stroke, WAY, axis, 3)
    stroke.rollback()
    np.testing.assert_array_equal(labels.values, values)
    np.testing.assert_array_equal(labels.origin, origin)


@pytest.mark.parametrize("name", NAMES)
def test_that_voxels_of_a_locked_class_are_not_changed(name: str) -> None:
    labels, tool = labelled(), TOOLS[name]()
    locked = labels.values == 2
    follow(tool, stroke_on(labels, tool, locked=(2,)), [(2.0, 2.0), (2.0, 9.0), (9.0, 9.0), (9.0, 2.0)], 0, 3)
    assert (labels.values[locked] == 2).all()


@pytest.mark.parametrize("way", [[(-40.0, -40.0), (-50.0, -42.0), (-45.0, -60.0)], [(900.0, 3.0), (910.0, 9.0), (920.0, 1.0)]])
@pytest.mark.parametrize("name", NAMES)
def test_that_a_drag_outside_the_image_changes_nothing(name: str, way: list[tuple[float, float]]) -> None:
    labels, tool = labelled(), TOOLS[name]()
    stroke = stroke_on(labels, tool)
    follow(tool, stroke, way, 0, 3)
    assert stroke.commit() is None


@pytest.mark.parametrize("name", ["brush", "eraser", "polygon", "lasso"])
def test_that_a_drag_across_the_border_paints_up_to_the_border(name: str) -> None:
    labels, tool = LabelMap(np.full(SHAPE, 1, np.uint8)), TOOLS[name]()
    regions = follow(tool, stroke_on(labels, tool), [(-5.0, -5.0), (-5.0, 40.0), (30.0, 40.0), (30.0, -5.0), (-5.0, -5.0)], 0, 8)
    assert all(region == region.clipped(SHAPE) for region in regions)
    assert (labels.values[8] != 1).any() and (labels.values[:8] == 1).all()


@pytest.mark.parametrize("name", NAMES)
def test_that_what_changed_lies_in_the_regions_to_repaint_or_in_the_edit(name: str) -> None:
    labels, tool = labelled(), TOOLS[name]()
    before = labels.values.copy()
    stroke = stroke_on(labels, tool)
    regions = follow(tool, stroke, WAY, 1, 4)
    edit = stroke.commit()
    assert edit is not None
    seen = np.zeros(SHAPE, bool)
    for region in [*regions, edit.region]:
        seen[region.slices] = True
    assert not ((labels.values != before) & ~seen).any()
