"""Objects found one by one, against hand cases and py-ctcmetrics."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from unetstudio.measure.evaluate import Evaluation
from unetstudio.measure.metric import Pair
from unetstudio.measure.objects import label_objects

NAMES = ["seg", "det", "ap50", "ap75", "map", "pq"]


def scores(predicted: np.ndarray, true: np.ndarray) -> dict[str, float | None]:
    return {name: score.mean for name, score in Evaluation(NAMES).add(Pair(predicted, true)).items()}


def cells(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    """(1, 40, 40): a number for each box of rows and columns."""
    mask = np.zeros((1, 40, 40), np.uint16)
    for number, (top, bottom, left, right) in enumerate(boxes, 1):
        mask[0, top:bottom, left:right] = 100 * number
    return mask


def random_cells(seed: int, shift: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mask = np.zeros((1, 60, 60), np.uint16)
    for number in range(1, 12):
        top, left = rng.integers(0, 50, 2) + shift * rng.integers(-1, 2, 2)
        mask[0, max(0, top) : top + 9, max(0, left) : left + 9] = number
    return mask


def test_that_touching_objects_with_numbers_are_told_apart() -> None:
    mask = cells((0, 10, 0, 10), (0, 10, 10, 20))
    assert len(np.unique(label_objects(mask))) == 3


def test_that_an_object_in_two_pieces_is_one_where_values_are_numbers() -> None:
    mask = cells((0, 5, 0, 5), (10, 15, 0, 5), (20, 25, 0, 5))
    mask[0, 30:35, 0:5] = 100
    assert len(np.unique(label_objects(mask))) == 4


def test_that_pieces_of_a_class_are_objects_where_values_are_classes() -> None:
    mask = (cells((0, 5, 0, 5), (10, 15, 0, 5), (20, 25, 0, 5)) > 0).astype(np.uint8)
    assert len(np.unique(label_objects(mask))) == 4


def test_that_equal_objects_have_full_scores_whatever_their_numbers() -> None:
    mask = cells((0, 10, 0, 10), (0, 10, 12, 20), (20, 30, 3, 9))
    assert scores(mask[:, ::1] * 7 % 1000, mask) == dict.fromkeys(NAMES, 1.0)


def test_that_cells_merged_into_one_are_both_lost_but_for_the_larger() -> None:
    true = cells((0, 10, 0, 10), (0, 10, 10, 14))
    merged = (true > 0).astype(np.uint8)
    result = scores(merged, true)
    assert result["seg"] == pytest.approx((100 / 140 + 40 / 140) / 2)  # one object covers both: IoU with each
    assert result["det"] == pytest.approx(1 - 5 / 20)  # one split to make by hand
    assert result["ap50"] == pytest.approx(1 / 2)  # found: the larger; missed: the smaller; nothing extra
    assert result["ap75"] == 0


def test_that_extra_objects_cost_little_in_det_and_one_miss_costs_ten() -> None:
    true = cells((0, 10, 0, 10), (20, 30, 20, 30))
    extra = cells((0, 10, 0, 10), (20, 30, 20, 30), (0, 5, 30, 35))
    assert scores(extra, true)["det"] == pytest.approx(1 - 1 / 20)
    assert scores(cells((0, 10, 0, 10)), true)["det"] == pytest.approx(1 - 10 / 20)


def test_that_without_objects_there_is_no_score() -> None:
    nothing = np.zeros((1, 8, 8), np.uint8)
    assert scores(nothing, nothing) == dict.fromkeys(NAMES, None)


def test_that_each_object_counts_once_over_all_cases() -> None:
    evaluation = Evaluation(["seg"])
    many = cells((0, 9, 0, 9), (0, 9, 10, 19), (0, 9, 20, 29))
    evaluation.add(Pair(many, many))
    evaluation.add(Pair(np.zeros_like(many), cells((0, 9, 0, 9))))
    assert evaluation.overall["seg"].mean == pytest.approx(3 / 4)


@pytest.mark.parametrize("seed", range(4))
def test_that_the_cell_tracking_challenge_scores_alike(seed: int, tmp_path: Path) -> None:
    peer = pytest.importorskip("ctc_metrics.utils.representations")
    from ctc_metrics.metrics import det, seg

    true, predicted = random_cells(seed, 0), random_cells(seed, 3)
    for name, mask in (("true.tif", true), ("found.tif", predicted)):
        tifffile.imwrite(tmp_path / name, mask[0])
    labels_true, labels_found, mapped_true, mapped_found, iou = peer.match(str(tmp_path / "true.tif"), str(tmp_path / "found.tif"))
    ours = scores(predicted, true)
    assert ours["seg"] == pytest.approx(seg([labels_true], [iou]))
    counts = np.unique(mapped_found, return_counts=True)[1]
    wrong = {"NS": int((counts - 1).sum()), "FN": len(labels_true) - len(mapped_true), "FP": len(labels_found) - len(counts)}
    assert ours["det"] == pytest.approx(det(**wrong, num_vertices=len(labels_true)))
