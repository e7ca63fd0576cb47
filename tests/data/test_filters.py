"""Filter responses of a plane."""

from __future__ import annotations

import numpy as np
import pytest

from unetstudio.data.filters import COUNT, MARGIN, filter_responses

BRIGHT, DARK, EDGE = 0, 1, 2


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(2).normal(size=shape).astype(np.float32)


def line() -> np.ndarray:
    """A dark line of two pixels on bright ground."""
    plane = np.ones((41, 41), np.float32)
    plane[:, 20:22] = 0
    return plane


def test_that_a_dark_line_answers_to_the_larger_eigenvalue() -> None:
    found = filter_responses(line())
    assert found[BRIGHT, 20, 20] == found[BRIGHT].max() > 0.3
    assert abs(found[DARK, 20, 20]) < 1e-5


def test_that_a_bright_blob_answers_to_both_eigenvalues() -> None:
    plane = np.zeros((41, 41), np.float32)
    plane[19:22, 19:22] = 1
    found = filter_responses(plane)
    assert found[BRIGHT, 20, 20] < -0.1
    assert found[DARK, 20, 20] < -0.1


def test_that_an_edge_answers_with_its_gradient() -> None:
    plane = np.zeros((41, 41), np.float32)
    plane[:, 20:] = 1
    found = filter_responses(plane)
    assert found[EDGE, 20, 19:21].min() > 0.3
    assert found[EDGE, 20, 5] < 1e-5


def test_that_flat_ground_answers_nothing() -> None:
    assert np.abs(filter_responses(np.full((30, 30), 0.7, np.float32))).max() < 1e-4


def test_that_a_turned_plane_has_turned_responses() -> None:
    plane = noise(40, 50)
    np.testing.assert_allclose(filter_responses(np.rot90(plane).copy()), np.rot90(filter_responses(plane), axes=(1, 2)), atol=1e-5)


def test_that_a_part_with_its_margin_answers_as_the_whole_does() -> None:
    plane = noise(80, 90)
    part = filter_responses(plane[30 - MARGIN : 40 + MARGIN, : 20 + MARGIN].copy())
    np.testing.assert_allclose(part[:, MARGIN:-MARGIN, :20], filter_responses(plane)[:, 30:40, :20], atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 3)])
def test_that_the_smallest_planes_have_responses(shape: tuple[int, int]) -> None:
    found = filter_responses(noise(*shape))
    assert found.shape == (COUNT, *shape)
    assert np.isfinite(found).all()
