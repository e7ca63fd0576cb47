"""How long training lasts, and its learning rate."""

from __future__ import annotations

import pytest

from unetstudio.training.schedule import WARM_UP, Budget, Stopwatch


def test_that_an_open_budget_is_constant_after_warming_up() -> None:
    budget = Budget()
    assert budget.rate(0, 0) < 0.1
    assert budget.rate(WARM_UP, 1) == budget.rate(100_000, 1e6) == 1


def test_that_warming_up_can_be_shorter() -> None:
    assert Budget().rate(3, 0, 4) == 1
    assert Budget().rate(3, 0) < 1


def test_that_a_budget_in_seconds_falls_to_almost_nothing() -> None:
    budget = Budget(seconds=10)
    assert budget.rate(100, 5) > budget.rate(150, 7) > budget.rate(200, 10) > 0
    assert budget.rate(200, 10) < 0.05
    assert budget.used(1, 10) == 1


def test_that_an_unfinished_budget_goes_on_and_a_finished_one_begins_anew() -> None:
    kept = Budget(steps=100)
    assert Budget(steps=100).resumed(kept, 60, 1.0) == kept
    assert Budget(steps=100).resumed(kept, 100, 1.0) == Budget(steps=100, from_step=100, from_seconds=1.0)
    assert Budget(steps=50).resumed(kept, 60, 1.0).from_step == 60


def test_that_the_time_left_is_known_of_a_budget_and_not_of_an_open_end() -> None:
    assert Budget().left(10, 5.0) is None
    assert Budget(seconds=10).left(3, 4.0) == pytest.approx(6.0)
    assert Budget(seconds=10, from_seconds=100).left(3, 104.0) == pytest.approx(6.0)
    assert Budget(steps=40).left(10, 5.0) == pytest.approx(15.0)
    assert Budget(steps=40).left(0, 0.5) is None
    assert Budget(seconds=10).left(300, 11.0) == 0


def test_that_a_stopwatch_counts_what_happens_within_its_blocks() -> None:
    watch = Stopwatch()
    with watch:
        pass
    before = watch.seconds
    assert before > 0
    sum(range(10_000))
    assert watch.seconds == before
    with watch:
        assert watch.seconds > before


def test_that_a_stopwatch_goes_on_from_what_it_is_set_to() -> None:
    watch = Stopwatch()
    with watch:
        sum(range(100_000))
        watch.set(100.0)
        assert 100 <= watch.seconds < 101
    assert 100 < watch.seconds < 101
    watch.set(7.0)
    assert watch.seconds == 7
