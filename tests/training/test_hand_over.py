"""The network takes over from the quick guess as it learns, and as far as held-out labels allow."""

from __future__ import annotations

from unetstudio.training.hand_over import MARGIN, MOST, RAMP, USUAL, shares


def test_that_the_network_begins_without_a_say_and_gets_more_with_every_step() -> None:
    rising = [shares((0, 1), step, {}, {}, {})[1] for step in (0, 10, 20, RAMP, 10 * RAMP)]
    assert rising[0] == 0 and rising[-1] == rising[-2] == USUAL
    assert rising == sorted(rising)


def test_that_a_class_that_joins_late_begins_anew() -> None:
    result = shares((0, 1, 2), 2 * RAMP, {2: 2 * RAMP}, {}, {})
    assert result == {0: USUAL, 1: USUAL, 2: 0.0}


def test_that_held_out_labels_favour_the_better_of_the_two() -> None:
    at = {gain: shares((1,), 1000, {}, {1: 0.5 + gain}, {1: 0.5})[1] for gain in (-0.5, -2 * MARGIN, -MARGIN / 2, MARGIN / 2, 0.5)}
    assert at[-0.5] == 0 < at[-2 * MARGIN] < USUAL
    assert at[-MARGIN / 2] == at[MARGIN / 2] == USUAL  # too close to tell
    assert at[0.5] == MOST
