"""The voxel under the pointer."""

from __future__ import annotations

import numpy as np
import pytest

from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.data.labels import LabelMap
from unetstudio.data.plane import Plane
from unetstudio.data.scan import Scan
from unetstudio.ui.canvas.under import under, voxel_at

SHAPE = (4, 5, 6)


@pytest.mark.parametrize(("plane", "voxel"), [(Plane(0, 3), (3, 1, 2)), (Plane(1, 3), (1, 3, 2)), (Plane(2, 3), (1, 2, 3))])
def test_that_a_place_in_any_plane_is_a_voxel_of_the_scan(plane: Plane, voxel: tuple[int, int, int]) -> None:
    assert voxel_at(1.4, 1.6, plane, SHAPE) == voxel


def test_that_half_way_between_two_voxels_lies_the_later_one_as_it_is_painted() -> None:
    assert [voxel_at(row, 0.5, Plane(), SHAPE) for row in (0.5, 1.5, 2.5)] == [(0, 1, 1), (0, 2, 1), (0, 3, 1)]


@pytest.mark.parametrize(("row", "column"), [(-0.6, 2), (4.5, 2), (2, -0.6), (2, 5.5)])
def test_that_outside_the_scan_there_is_no_voxel(row: float, column: float) -> None:
    assert voxel_at(row, column, Plane(), SHAPE) is None
    assert voxel_at(2, 2, Plane(0, 4), SHAPE) is None


def test_that_a_voxel_is_described_with_its_channels_class_and_place() -> None:
    voxels = np.arange(2 * 4 * 5 * 6, dtype=np.int16).reshape(2, *SHAPE)
    labels = LabelMap.unlabelled(SHAPE)
    labels.values[3, 1, 2] = 1
    classes = ClassTable.named(["ground", "thing"], [(0, 0, 0), (9, 9, 9)])
    seen = under(Scan(voxels, Geometry((2.0, 1.0, 0.5))), labels, classes, (3, 1, 2))
    assert seen.values == (3 * 30 + 8, 120 + 3 * 30 + 8)
    assert seen.class_name == "thing" and seen.position is not None
    assert under(Scan(voxels), labels, classes, (0, 0, 0)).class_name is None
