"""Outlines follow the edges of pixels, and filling them again gives the same pixels."""

from __future__ import annotations

import numpy as np
import pytest

from unetstudio.formats.outlines.tracing import _add_crossings, _chunks, area, fill, trace


def filled(polygons: list, shape: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(shape, np.bool_)
    for polygon in polygons:
        window, inside = fill(polygon, shape)
        assert not (mask[window] & inside).any()
        mask[window] |= inside
    return mask


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (23, 31)])
def test_that_any_mask_comes_back_pixel_for_pixel(shape: tuple[int, int], share: float) -> None:
    rng = np.random.default_rng(7)
    for _ in range(10):
        mask = rng.random(shape) < share
        assert np.array_equal(filled(trace(mask), shape), mask)


def test_that_every_ring_is_simple_and_turns_the_right_way() -> None:
    for polygon in trace(np.random.default_rng(3).random((40, 40)) < 0.6):
        outer, *holes = polygon
        assert area(outer) > 0 and all(area(hole) < 0 for hole in holes)
        for ring in polygon:
            assert len({tuple(corner) for corner in ring.tolist()}) == len(ring)


def test_that_pixels_that_touch_by_a_corner_are_two_regions_and_a_hole_belongs_to_its_region() -> None:
    assert len(trace(np.eye(2, dtype=np.bool_))) == 2
    (ring,) = trace(np.pad(np.zeros((1, 1), np.bool_), 1, constant_values=True))
    assert [area(one) for one in ring] == [9, -1]


def test_that_only_corners_are_kept() -> None:
    ((ring,),) = trace(np.ones((4, 7), np.bool_))
    assert sorted(ring.tolist()) == [[0, 0], [0, 4], [7, 0], [7, 4]]


def test_that_a_pixel_counts_by_its_centre() -> None:
    def count(*corners: tuple[float, float]) -> int:
        return int(fill([np.array(corners)], (60, 80))[1].sum())

    assert count((5, 5), (30, 5), (30, 20), (5, 20)) == 375
    assert count((5.4, 5.4), (30.4, 5.4), (30.4, 20.4), (5.4, 20.4)) == 375
    assert count((5.6, 5), (30, 5), (30, 20), (5.6, 20)) == 360


def test_that_neighbouring_outlines_share_no_pixel_and_leave_none_between() -> None:
    shape, middle = (20, 20), (7.3, 11.9)
    corners = [(0, 0), (20, 0), (20, 20), (0, 20), (0, 0)]
    triangles = [[np.array([corners[n], corners[n + 1], middle])] for n in range(4)]
    assert filled(triangles, shape).all()


def test_that_outlines_beyond_the_image_are_cut_at_its_edge() -> None:
    window, inside = fill([np.array([(-1e9, -1e9), (1e9, -1e9), (1e9, 2.0), (-1e9, 2.0)])], (5, 7))
    assert inside.all() and (window[0].stop, window[1].stop) == (2, 7)
    assert fill([np.array([(10, 10), (12, 10), (12, 12)])], (5, 7))[1].size == 0
    assert fill([np.array([(np.nan, 0), (1, 1), (2, 0)])], (5, 7))[1].size == 0


def test_that_many_edges_are_counted_in_parts() -> None:
    counts = np.array([3, 0, 5, 1, 1, 9, 2])
    parts = _chunks(counts, most=4)
    assert len(parts) > 1 and [n for part in parts for n in range(part.start, part.stop)] == list(range(len(counts)))
    crossings = np.zeros((4, 5), np.int32)
    _add_crossings(crossings, np.array([[1.0, 0], [3, 0]]), np.array([[1.0, 4], [3, 4]]))
    assert crossings.sum(0).tolist() == [0, 4, 0, 4, 0]
