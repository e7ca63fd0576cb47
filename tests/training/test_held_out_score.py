"""The score of held-out strokes: its Dice, what it rests on, and its uncertainty."""

from __future__ import annotations

import numpy as np
import pytest

from unetstudio.training.held_out_score import HeldOutScore, Tally

BACKGROUND, CELL, SCAR = 0, 1, 2


def tally(*strokes: tuple[int, int, float], size: int = 100, wrong: int | None = None, values: tuple[int, ...] = (0, 1, 2)) -> Tally:
    """Count strokes of (channel, number, share that is right); the rest is taken for `wrong`, else for the other of two classes."""
    counted = Tally(values)
    for channel, number, right in strokes:
        predicted = np.full(size, channel)
        predicted[round(right * size) :] = (1 - channel) if wrong is None else wrong
        counted.add(predicted, np.full(size, channel), np.full(size, number))
    return counted


EVEN = np.ones(3)
"""Shares of an image that is predicted as each class in equal parts."""


def test_that_many_strokes_give_the_dice_of_the_structures() -> None:
    strokes = [(c, n, right) for c, right in ((BACKGROUND, 0.9), (CELL, 0.6)) for n in range(200)]
    score = tally(*strokes, values=(0, 1)).score(np.array([0.5, 0.5]))
    assert score.classes == pytest.approx({0: 1.8 / 2.3, 1: 1.2 / 1.7}, abs=0.005)
    assert score.mean == score.classes[1]


def test_that_what_is_rare_suffers_most_from_a_background_taken_for_it() -> None:
    strokes = tally(*((c, n, right) for c, right in ((BACKGROUND, 0.9), (CELL, 1.0)) for n in range(200)), values=(0, 1))
    rare, even = (strokes.score(np.array([1 - share, share])).mean for share in (0.1, 0.5))
    assert even == pytest.approx(1.0 / 1.05, abs=0.01)
    assert rare == pytest.approx(0.2 / (0.1 + 0.1 + 0.09), abs=0.01)


def test_that_long_strokes_count_as_much_as_short_ones() -> None:
    short, long = Tally((0, 1)), Tally((0, 1))
    for counted, size in ((short, 10), (long, 1000)):
        counted.add(np.full(100, 0), np.full(100, 0), np.full(100, 0))
        counted.add(np.full(100, 1), np.full(100, 1), np.full(100, 0))
        counted.add(np.full(size, 0), np.full(size, 1), np.full(size, 1))
    assert short.score(np.ones(2)).classes == long.score(np.ones(2)).classes


def test_that_few_perfect_strokes_prove_little() -> None:
    scores = [tally(*((c, n, 1.0) for c in (0, 1) for n in range(count)), values=(0, 1)).score(np.ones(2)) for count in (1, 3, 30)]
    means = [score.mean or 0.0 for score in scores]
    assert means == sorted(means)
    assert means[0] == pytest.approx(1.35 / 1.7)
    assert means[2] > 0.98


def test_that_a_class_that_is_never_predicted_scores_nothing() -> None:
    score = tally((BACKGROUND, 0, 1.0), (CELL, 0, 0.0), values=(0, 1)).score(np.array([1.0, 0.0]))
    assert score.mean == 0.0


def test_that_the_dice_of_whole_cases_is_measured() -> None:
    counted = Tally((0, 1), whole_cases=True)
    for case in (2, 5):
        counted.add(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]), np.full(4, case))
    score = counted.score(np.array([0.9, 0.1]))
    assert score.classes == pytest.approx({0: 0.8, 1: 2 / 3})
    assert score.uncertainty == pytest.approx(0.0)
    assert tally((0, 0, 1.0), (1, 0, 1.0)).score(EVEN).basis == 2


def test_that_one_case_alone_has_no_uncertainty() -> None:
    counted = Tally((0, 1), whole_cases=True)
    counted.add(np.array([0, 1]), np.array([0, 1]), np.zeros(2, np.int64))
    assert (counted.score(EVEN[:2]).mean, counted.score(EVEN[:2]).uncertainty) == (1.0, None)


def test_that_there_is_no_score_of_one_class_alone() -> None:
    assert tally((BACKGROUND, 0, 1.0), (BACKGROUND, 1, 1.0)).score(EVEN) == HeldOutScore()
    assert tally((CELL, 0, 1.0)).score(EVEN) == HeldOutScore()
    assert Tally((0, 1)).score(EVEN[:2]) == HeldOutScore()


def test_that_a_score_counts_the_strokes_and_voxels_it_rests_on() -> None:
    counted = tally((BACKGROUND, 0, 1.0), (CELL, 0, 1.0), (CELL, 1, 0.8))
    counted.add(np.full(50, CELL), np.full(50, CELL), np.full(50, 1))  # the same stroke in another window
    score = counted.score(EVEN)
    assert score.strokes == {0: 1, 1: 2}
    assert score.voxels == {0: 100, 1: 250}
    assert score.basis == 3


def test_that_a_held_out_case_counts_once_for_all_its_classes() -> None:
    counted = Tally((0, 1), whole_cases=True)
    for case in (0, 3):
        counted.add(np.array([0, 1]), np.array([0, 1]), np.array([case, case]))
    assert counted.score(EVEN[:2]).basis == 2


def test_that_values_of_classes_need_not_be_channel_numbers() -> None:
    score = tally((0, 0, 1.0), (1, 0, 0.5), values=(0, 7)).score(np.ones(2))
    assert set(score.classes) == set(score.voxels) == set(score.strokes) == {0, 7}


def test_that_more_strokes_make_a_score_more_certain() -> None:
    spreads = [
        tally(*((c, n, 0.8) for c in (0, 1) for n in range(count)), values=(0, 1)).score(np.ones(2)).uncertainty or 0.0
        for count in (1, 3, 12)
    ]
    assert spreads == sorted(spreads, reverse=True)
    assert spreads[2] < 0.5 * spreads[0]
    assert 0.05 < spreads[0] < 0.25


def test_that_strokes_that_differ_make_a_score_less_certain() -> None:
    alike = tally(*((c, n, 0.7) for c in (0, 1) for n in range(6))).score(EVEN)
    unlike = tally(*((c, n, 0.7 + (0.3 if n % 2 else -0.3)) for c in (0, 1) for n in range(6))).score(EVEN)
    assert alike.mean == pytest.approx(unlike.mean)
    assert alike.uncertainty is not None
    assert unlike.uncertainty is not None
    assert unlike.uncertainty > 1.5 * alike.uncertainty


def test_that_many_voxels_in_a_stroke_do_not_make_a_score_more_certain() -> None:
    small, large = (tally((0, 0, 0.8), (0, 1, 0.6), (1, 0, 0.8), (1, 1, 0.9), size=size).score(EVEN) for size in (100, 10_000))
    assert small.uncertainty == pytest.approx(large.uncertainty, rel=0.01)


def test_that_a_score_of_few_perfect_strokes_is_not_certain() -> None:
    score = tally((0, 0, 1.0), (1, 0, 1.0)).score(EVEN)
    assert score.uncertainty is not None
    assert score.uncertainty > 0.1


def test_that_the_same_strokes_give_the_same_uncertainty() -> None:
    strokes = ((0, 0, 0.9), (1, 0, 0.8), (1, 1, 0.3), (2, 0, 0.7))
    assert tally(*strokes, wrong=0).score(EVEN) == tally(*strokes, wrong=0).score(EVEN)


def test_that_the_uncertainty_is_the_spread_of_scores_of_other_strokes() -> None:
    rng = np.random.default_rng(0)

    def once() -> HeldOutScore:
        return tally(*((c, n, float(rng.uniform(0.2, 1.0))) for c in (0, 1) for n in range(8)), values=(0, 1)).score(np.ones(2))

    scores = [once() for _ in range(100)]
    spread = np.std([score.mean or 0.0 for score in scores])
    claimed = np.mean([score.uncertainty or 0.0 for score in scores])
    assert 0.8 * spread < claimed < 1.6 * spread
