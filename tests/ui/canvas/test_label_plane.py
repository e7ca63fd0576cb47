"""The slice of the labels at the resolutions the screen needs."""

from __future__ import annotations

import numpy as np
import pytest

from unetstudio.data.plane import Plane
from unetstudio.ui.canvas.label_plane import LabelPlane, reduce_labels


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
    plane = LabelPlane(values, Plane())
    plane.reduced(*factors)
    values[0, 13:31, 44:90] = rng.integers(0, 5, (18, 46))
    plane.changed((13, 44, 31, 90))
    np.testing.assert_array_equal(plane.reduced(*factors), reduce_labels(values[0], *factors))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)
