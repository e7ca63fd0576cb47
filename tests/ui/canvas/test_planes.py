"""The slice at the resolutions the screen needs."""

from __future__ import annotations

import numpy as np
import pytest

from unetstudio.data.region import Region
from unetstudio.ui.canvas.planes import ImagePlane, LabelPlane, reduce_labels, span_of


def test_that_a_stroke_of_one_voxel_survives_any_reduction() -> None:
    plane = np.full((101, 67), 255, np.uint8)
    plane[50, :] = 0
    reduced = reduce_labels(plane, 8, 16)
    assert reduced.shape == (13, 5)
    assert (reduced[6] == 0).all() and (np.delete(reduced, 6, axis=0) == 255).all()


def test_that_of_several_classes_in_a_cell_the_highest_shows() -> None:
    plane = np.array([[0, 254], [255, 3]], np.uint8)
    assert reduce_labels(plane, 2, 2).tolist() == [[254]]


@pytest.mark.parametrize("factors", [(2, 2), (8, 4), (1, 4), (16, 16)])
def test_that_a_reduction_follows_a_change_as_if_made_anew(factors: tuple[int, int], rng: np.random.Generator) -> None:
    values = np.full((1, 75, 90), 255, np.uint8)
    plane = LabelPlane(values, 0, 0)
    plane.reduced(*factors)
    values[0, 13:31, 44:90] = rng.integers(0, 5, (18, 46))
    plane.changed((13, 44, 31, 90))
    np.testing.assert_array_equal(plane.reduced(*factors), reduce_labels(values[0], *factors))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32, np.int32, np.float64, np.int8])
def test_that_an_image_is_halved_by_averages_at_its_own_depth(dtype: type) -> None:
    voxels = np.arange(6 * 9).reshape(1, 1, 6, 9).astype(dtype)
    (half,) = ImagePlane(voxels, 0, 0).level(1, 1)
    assert half.shape == (3, 5)
    assert half[0, 0] == pytest.approx((0 + 1 + 9 + 10) / 4, abs=0.51)
    assert half[0, 4] == pytest.approx((8 + 17) / 2, abs=0.51)


def test_that_only_the_finer_axis_is_halved_when_asked() -> None:
    (half,) = ImagePlane(np.zeros((1, 4, 10, 12), np.uint16), 1, 3).level(0, 2)
    assert half.shape == (4, 3)


@pytest.mark.parametrize(("axis", "span"), [(0, (2, 3, 5, 7)), (1, (1, 3, 2, 7)), (2, (1, 2, 2, 5))])
def test_that_a_region_is_found_in_each_plane_it_meets(axis: int, span: tuple[int, int, int, int]) -> None:
    region = Region((1, 2, 3), (2, 5, 7))
    assert span_of(region, axis, region.start[axis]) == span
    assert span_of(region, axis, region.stop[axis]) is None


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)
