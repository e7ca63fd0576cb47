"""Dice, IoU and pixel error on maps small enough to count by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays
from hypothesis.strategies import integers

from unetstudio.errors import UserError
from unetstudio.measure.evaluate import Evaluation, evaluate
from unetstudio.measure.metric import Pair

TRUTH = np.array([[[0, 0, 1, 1, 2, 255]]], np.uint8)
FOUND = np.array([[[0, 1, 1, 1, 0, 1]]], np.uint8)


def test_that_dice_and_iou_are_counted_per_class() -> None:
    result = evaluate(FOUND, TRUTH)
    assert result["dice"].per_class == {0: 0.5, 1: 0.8, 2: 0.0}
    assert result["iou"].per_class == {0: pytest.approx(1 / 3), 1: pytest.approx(2 / 3), 2: 0.0}


def test_that_the_background_does_not_flatter_mean_and_pool() -> None:
    result = evaluate(FOUND, TRUTH)["dice"]
    assert (result.mean, result.pooled) == (pytest.approx(0.4), pytest.approx(4 / 6))


def test_that_pixel_error_is_the_share_of_wrong_voxels() -> None:
    result = evaluate(FOUND, TRUTH, ["pixel_error"])["pixel_error"]
    assert result.pooled == pytest.approx(2 / 5)
    assert result.per_class == {0: 0.5, 1: 0.0, 2: 1.0}


def test_that_voxels_left_open_in_the_truth_do_not_count() -> None:
    other = FOUND.copy()
    other[0, 0, 5] = 2
    assert evaluate(other, TRUTH) == evaluate(FOUND, TRUTH)


def test_that_voxels_left_open_in_the_prediction_are_errors() -> None:
    result = evaluate(np.full_like(TRUTH, 255), TRUTH)
    assert result["pixel_error"].pooled == 1.0
    assert result["dice"].mean == 0.0


def test_that_a_class_in_neither_map_has_no_score() -> None:
    assert evaluate(FOUND, TRUTH, ["dice"], values=(0, 1, 2, 3))["dice"].per_class[3] is None


def test_that_cases_are_pooled_by_adding_their_counts() -> None:
    values = (0, 1, 2)
    both = evaluate(np.concatenate([FOUND, TRUTH]), np.concatenate([TRUTH, TRUTH]), values=values)
    evaluation = Evaluation(["dice", "iou", "pixel_error"])
    for predicted in (FOUND, np.where(TRUTH == 255, 0, TRUTH)):
        evaluation.add(Pair(predicted, TRUTH, values))
    assert evaluation.overall == both


@given(arrays(np.uint8, (2, 5, 7), elements=integers(0, 3)), arrays(np.uint8, (2, 5, 7), elements=integers(0, 3)))
def test_that_iou_follows_from_dice(predicted: np.ndarray, truth: np.ndarray) -> None:
    result = evaluate(predicted, truth)
    for value, share in result["dice"].per_class.items():
        assert share is not None
        assert result["iou"].per_class[value] == pytest.approx(share / (2 - share))


def test_that_a_perfect_match_of_wide_integers_scores_one() -> None:
    labels = np.arange(4, dtype=np.int64).reshape(1, 2, 2)
    result = evaluate(labels, labels)
    assert (result["dice"].mean, result["iou"].mean, result["pixel_error"].pooled) == (1.0, 1.0, 0.0)


def test_that_maps_of_different_size_are_refused_in_one_sentence() -> None:
    with pytest.raises(UserError, match="differ in size: 4 × 3 × 1 predicted and 5 × 3 × 1"):
        evaluate(np.zeros((1, 3, 4), np.uint8), np.zeros((1, 3, 5), np.uint8))


def test_that_values_beyond_the_classes_are_refused() -> None:
    with pytest.raises(UserError, match="value 2"):
        evaluate(FOUND, TRUTH, values=(0, 1))
    with pytest.raises(UserError, match="300"):
        evaluate(np.full((1, 1, 1), 300), np.zeros((1, 1, 1), np.uint8))


def test_that_an_unknown_metric_names_the_known_ones() -> None:
    with pytest.raises(UserError, match="dice"):
        evaluate(FOUND, TRUTH, ["diec"])
