"""Boxes of voxels."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from unetstudio.data.region import Region, tight

corner = st.tuples(*[st.integers(-5, 12)] * 3)
regions = st.builds(Region, corner, corner)
SHAPE = (9, 10, 11)


def filled(region: Region) -> np.ndarray:
    """The region's part inside an array, as a mask."""
    mask = np.zeros(SHAPE, bool)
    mask[region.clipped(SHAPE).slices] = True
    return mask


@given(regions, regions)
def test_that_the_intersection_holds_what_both_hold(one, other):
    assert np.array_equal(filled(one & other), filled(one) & filled(other))


@given(regions, regions)
def test_that_the_union_is_the_smallest_box_round_both(one, other):
    both = filled(one.clipped(SHAPE) | other.clipped(SHAPE))
    assert not np.any((filled(one) | filled(other)) & ~both)
    assert tight(filled(one) | filled(other)).size == both.sum()


@given(regions)
def test_that_size_counts_the_voxels_inside(region):
    inside = region.clipped(SHAPE)
    assert inside.size == filled(region).sum() and inside.empty == (inside.size == 0)


def test_that_a_grown_region_holds_the_old_one_at_its_margin():
    inner = Region((1, 2, 3), (2, 4, 6))
    outer = inner.grown((0, 1, 2))
    assert outer == Region((1, 1, 1), (2, 5, 8))
    voxels = np.zeros(outer.shape)
    voxels[inner.within(outer)] = 1
    assert voxels.sum() == inner.size


def test_that_the_tight_box_of_nothing_is_empty():
    assert tight(np.zeros((2, 3, 4), bool)).empty
