"""A slice of a volume: rows and columns in it, and the voxels that they are."""

from __future__ import annotations

import numpy as np
import pytest

from unetstudio.data.plane import Plane, relative_pitch
from unetstudio.data.region import Region

SHAPE = (4, 5, 6)
PLANES = [Plane(0, 2), Plane(1, 3), Plane(2, 5)]


@pytest.fixture
def volume() -> np.ndarray:
    return np.arange(4 * 5 * 6).reshape(SHAPE)


@pytest.mark.parametrize("plane", PLANES)
def test_that_a_place_in_the_plane_is_the_voxel_of_the_array(plane: Plane, volume: np.ndarray) -> None:
    rows, columns = plane.shape(SHAPE)
    assert plane.of(volume).shape == (rows, columns)
    for row in range(rows):
        for column in range(columns):
            assert plane.of(volume)[row, column] == volume[plane.voxel(row, column)]


def test_that_rows_come_before_columns_in_the_order_of_the_array() -> None:
    assert [plane.shape(SHAPE) for plane in PLANES] == [(5, 6), (4, 6), (4, 5)]
    assert [plane.spacing((4.0, 2.0, 1.0)) for plane in PLANES] == [(2.0, 1.0), (4.0, 1.0), (4.0, 2.0)]


@pytest.mark.parametrize("plane", PLANES)
def test_that_a_rectangle_and_its_region_hold_the_same_voxels(plane: Plane, volume: np.ndarray) -> None:
    region = plane.region((1, 2, 3, 4))
    assert region.size == 4
    np.testing.assert_array_equal(volume[region.slices].reshape(2, 2), plane.of(volume)[1:3, 2:4])
    assert plane.rectangle(region) == (1, 2, 3, 4)


@pytest.mark.parametrize(("axis", "rectangle"), [(0, (2, 3, 5, 7)), (1, (1, 3, 2, 7)), (2, (1, 2, 2, 5))])
def test_that_a_region_has_a_rectangle_in_each_plane_that_it_meets(axis: int, rectangle: tuple[int, int, int, int]) -> None:
    region = Region((1, 2, 3), (2, 5, 7))
    assert Plane(axis, region.start[axis]).rectangle(region) == rectangle
    assert Plane(axis, region.stop[axis] - 1).rectangle(region) == rectangle
    assert Plane(axis, region.start[axis] - 1).rectangle(region) is None
    assert Plane(axis, region.stop[axis]).rectangle(region) is None
    assert Plane(axis, region.start[axis]).rectangle(Region((1, 2, 3), (1, 5, 7))) is None


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_that_an_array_has_the_slices_from_its_first_to_its_last(axis: int) -> None:
    last = SHAPE[axis] - 1
    assert [Plane(axis, index).lies_in(SHAPE) for index in (-1, 0, last, last + 1)] == [False, True, True, False]


def test_that_the_plane_of_an_array_is_a_view_that_can_be_painted_on(volume: np.ndarray) -> None:
    Plane(1, 3).of(volume)[:] = -1
    assert (volume[:, 3] == -1).all() and (volume != -1).sum() == 4 * 4 * 6


def test_that_pitch_is_measured_in_the_finer_spacing() -> None:
    assert relative_pitch((4.0, 1.0)) == (4.0, 1.0)
    assert relative_pitch((0.5, 2.0)) == (1.0, 4.0)
