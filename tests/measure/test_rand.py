"""Rand and information scores after thinning, against the definition written out pixel by pixel, hand cases and scikit-image."""

import numpy as np
import pytest
from skimage.measure import label
from skimage.metrics import adapted_rand_error

from unetstudio.measure.evaluate import Evaluation
from unetstudio.measure.metric import Pair
from unetstudio.measure.rand import ContingencyTable, information_score, rand_score, regions


def grid(thickness: int, *, gap: bool = False) -> np.ndarray:
    """(1, 41, 41) uint8: four rooms behind walls (1); `gap` opens one wall."""
    mask = np.zeros((1, 41, 41), np.uint8)
    middle = slice(20 - thickness // 2, 21 + thickness // 2)
    mask[0, middle] = mask[0, :, middle] = 1
    if gap:
        mask[0, 8:12, middle] = 0
    return mask


def scores(predicted: np.ndarray, truth: np.ndarray, share: np.ndarray | None = None) -> dict[str, float | None]:
    pair = Pair(predicted, truth, (0, 1), border_share=share)
    return {name: score.mean for name, score in Evaluation(["v_rand", "v_info", "rand", "warping_error"]).add(pair).items()}


def written_out(true: np.ndarray, predicted: np.ndarray) -> tuple[float, float]:
    """Both scores from a list of pixels: each pixel on a predicted border is a region of its own."""
    inside = true > 0
    t, f = true[inside], predicted[inside].astype(np.int64)
    f[f == 0] = -1 - np.arange(int((f == 0).sum()))
    n = len(t)

    def shares(*keys: np.ndarray) -> np.ndarray:
        return np.unique(np.stack(keys), axis=1, return_counts=True)[1] / n

    both, a, b = shares(t, f), shares(t), shares(f)
    entropy = [-(p * np.log(p)).sum() for p in (a, b, both)]
    information = 2 * (entropy[0] + entropy[1] - entropy[2]) / (entropy[0] + entropy[1])
    return 2 * (both**2).sum() / ((a**2).sum() + (b**2).sum()), information


def test_that_the_width_of_borders_does_not_count() -> None:
    result = scores(grid(9), grid(1))
    assert result["v_rand"] == pytest.approx(1)
    assert result["v_info"] == pytest.approx(1)
    assert result["rand"] is not None
    assert result["rand"] < 0.9


def test_that_one_open_wall_joins_two_of_four_rooms() -> None:
    result = scores(grid(1, gap=True), grid(1))
    a, b = 4 * 0.25**2, 0.5**2 + 2 * 0.25**2
    assert result["v_rand"] == pytest.approx(2 * a / (a + b), abs=0.01)
    h = np.log(4)
    joined = 0.5 * np.log(2) + 0.5 * np.log(4)
    assert result["v_info"] == pytest.approx(2 * joined / (h + joined), abs=0.01)


def test_that_the_best_threshold_of_the_probabilities_counts() -> None:
    share = np.where(grid(1) == 1, 0.35, 0.0).astype(np.float32)
    nothing = np.zeros_like(grid(1))
    assert scores(nothing, grid(1))["v_rand"] != pytest.approx(1)
    assert scores(nothing, grid(1), share)["v_rand"] == pytest.approx(1)


def test_that_the_challenge_counts_pixels_by_the_f_score_of_interiors_at_its_best() -> None:
    truth = np.zeros((2, 10, 10), np.uint8)
    truth[:, :2] = 1  # 80 of 100 pixels are interior
    share = truth * 0.35
    share[1, 2] = 0.45  # in one slice 10 of them are not predicted below the threshold that loses the border everywhere
    result = Evaluation(["isbi_pixel_error"]).add(Pair(np.zeros_like(truth), truth, (0, 1), border_share=share.astype(np.float32)))
    best = 1 - np.mean([1, 2 * 70 / (70 + 80)])
    assert result["isbi_pixel_error"].mean == pytest.approx(best)
    plain = Evaluation(["isbi_pixel_error"]).add(Pair(np.zeros_like(truth), truth, (0, 1)))
    assert plain["isbi_pixel_error"].mean == pytest.approx(1 - 2 * 80 / 180)


@pytest.mark.parametrize("seed", range(5))
def test_that_both_scores_are_those_of_the_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    true = label(rng.random((30, 30)) > 0.3, connectivity=1)
    predicted = regions(rng.random((30, 30)) > 0.35, thinned=bool(seed % 2))
    table = ContingencyTable.between(true.astype(np.int64), predicted)
    assert table is not None
    assert (rand_score(table), information_score(table)) == pytest.approx(written_out(true, predicted))


def test_that_scikit_image_agrees_where_nothing_is_left_on_borders() -> None:
    rng = np.random.default_rng(0)
    true, predicted = rng.integers(1, 6, (60, 60)), rng.integers(1, 4, (60, 60))
    table = ContingencyTable.between(true, predicted)
    assert table is not None
    assert rand_score(table) == pytest.approx(1 - adapted_rand_error(true, predicted)[0], abs=2 / true.size**0.5)


def test_that_a_slice_without_foreground_has_no_score() -> None:
    assert scores(grid(1), np.ones_like(grid(1)))["v_rand"] is None


def test_that_bent_borders_are_no_warping_error() -> None:
    straight, bent = grid(3), grid(3)
    bent[0, 18:24] = np.roll(bent[0, 18:24], 3, axis=1)
    bent[0, 18:24] |= straight[0, 18:24] & 0
    bent[0, 18:24, 17:26] = 1
    assert scores(bent, straight)["warping_error"] == 0


def test_that_a_hole_in_a_wall_is_a_merger() -> None:
    open_wall = grid(3)
    open_wall[0, 10, 18:24] = 0
    result = scores(open_wall, grid(3))["warping_error"]
    assert result == pytest.approx(1 / 41**2)


def test_that_a_wall_too_many_is_a_split() -> None:
    walled = grid(3)
    walled[0, 8] = 1
    result = scores(walled, grid(3))["warping_error"]
    assert result is not None
    assert 0 < result < 30 / 41**2


def test_that_a_pale_speck_is_neither_split_nor_merger() -> None:
    speck = grid(3)
    speck[0, 5, 5] = 1
    assert scores(speck, grid(3))["warping_error"] == 0
