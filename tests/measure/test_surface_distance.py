"""Distances between surfaces, against hand cases, every pair of voxels, and SimpleITK."""

import numpy as np
import pytest
import SimpleITK
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays
from hypothesis.strategies import booleans

from unetstudio.data.labels import UNLABELLED
from unetstudio.measure.evaluate import Evaluation
from unetstudio.measure.metric import Pair
from unetstudio.measure.surface_distance import distances, surface

SPACING = (5.0, 0.5, 0.7)
METRICS = ["hd", "hd95", "surface_distance", "surface_dice"]


def scores(a: np.ndarray, b: np.ndarray, spacing: tuple[float, float, float] = SPACING) -> dict[str, float | None]:
    pair = Pair(a.astype(np.uint8), b.astype(np.uint8), (0, 1), spacing)
    return {name: score.mean for name, score in Evaluation(METRICS).add(pair).items()}


def ball(centre: tuple[int, int, int], radius: float) -> np.ndarray:
    z, y, x = np.ogrid[:9, :40, :40]
    return ((z - centre[0]) * 4) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2 <= radius**2


def test_that_two_squares_are_as_far_apart_as_they_are_shifted() -> None:
    a = np.zeros((1, 20, 30), bool)
    a[0, 5:10, 5:10] = True
    result = scores(a, np.roll(a, 4, axis=2))
    assert result["hd"] == pytest.approx(4 * 0.7)


def test_that_what_was_not_predicted_is_no_class_of_its_own() -> None:
    truth = np.zeros((1, 8, 8), np.uint8)
    truth[0, 2:5, 2:5] = 1
    predicted = truth.copy()
    predicted[0, 7] = UNLABELLED
    assert Evaluation(["hd95"]).add(Pair(predicted, truth))["hd95"].per_class == {1: 0.0}


def test_that_a_shift_across_slices_counts_in_millimetres() -> None:
    a = np.zeros((6, 8, 8), bool)
    a[1, 2:5, 2:5] = True
    assert scores(a, np.roll(a, 2, axis=0))["hd"] == pytest.approx(10.0)


def test_that_equal_structures_have_no_distance() -> None:
    a = ball((4, 20, 20), 10)
    assert scores(a, a) == {"hd": 0, "hd95": 0, "surface_distance": 0, "surface_dice": 1}


def test_that_a_structure_that_was_missed_is_as_far_as_the_scan_is_long() -> None:
    a = ball((4, 20, 20), 10)
    result = scores(np.zeros_like(a), a)
    assert result["hd95"] == pytest.approx(np.linalg.norm(np.array(a.shape) * SPACING))
    assert result["surface_dice"] == 0


def test_that_a_class_in_neither_map_has_no_distance() -> None:
    nothing = np.zeros((1, 5, 5), bool)
    assert set(scores(nothing, nothing).values()) == {None}


def test_that_voxels_left_open_in_the_truth_are_no_surface() -> None:
    truth = np.zeros((1, 20, 20), np.uint8)
    truth[0, 5:10, 5:10] = 1
    truth[0, 15:] = 255
    predicted = truth.copy()
    predicted[0, 15:] = 1
    assert Evaluation(["hd"]).add(Pair(predicted, truth, (0, 1), SPACING))["hd"].mean == 0


def test_that_simpleitk_finds_the_same_distances() -> None:
    a, b = ball((4, 20, 20), 12), ball((4, 22, 17), 9)
    surfaces = [SimpleITK.GetImageFromArray(surface(mask).astype(np.uint8)) for mask in (a, b)]
    for image in surfaces:
        image.SetSpacing(SPACING[::-1])
    peer = SimpleITK.HausdorffDistanceImageFilter()
    peer.Execute(*surfaces)
    assert scores(a, b)["hd"] == pytest.approx(peer.GetHausdorffDistance(), rel=1e-5)


@settings(deadline=None, max_examples=30)
@given(arrays(np.bool_, (3, 5, 4), elements=booleans()), arrays(np.bool_, (3, 5, 4), elements=booleans()))
def test_that_every_distance_is_the_smallest_over_all_pairs(a: np.ndarray, b: np.ndarray) -> None:
    if not a.any() or not b.any():
        return
    points = [np.argwhere(surface(mask)) * np.array(SPACING) for mask in (a, b)]
    table = np.linalg.norm(points[0][:, None] - points[1][None], axis=2)
    there, back = distances(a, b, SPACING)
    assert np.allclose(there, table.min(axis=1))
    assert np.allclose(back, table.min(axis=0))


def test_that_volume_errors_are_shares_of_the_truth() -> None:
    truth, predicted = np.zeros((2, 1, 10), np.uint8), np.zeros((2, 1, 10), np.uint8)
    truth[0, 0, :4] = predicted[0, 0, :5] = 1
    truth[1, 0, :4] = predicted[1, 0, 3:6] = 2
    result = Evaluation(["volume_error"]).add(Pair(predicted, truth, (0, 1, 2, 3)))["volume_error"]
    assert result.per_class == {0: 0, 1: 25, 2: 25, 3: None}
    assert result.pooled == 0
