"""The verdict that a worker hangs, judged from heartbeats alone."""

from __future__ import annotations

import pytest

from unetstudio.worker.messages import Heartbeat
from unetstudio.worker.watch import Watch, WatchLimits

LIMITS = WatchLimits(silence=9, stuck=7, slow=30)


def watched(beats: list[Heartbeat | None], each: float = 1.0) -> str:
    """Return the first verdict while a second passes with each heartbeat, or without one for None; "" when there is none."""
    watch, now = Watch(LIMITS, 0.0), 0.0
    watch.started = True
    for beat in beats:
        now += each
        if beat is not None:
            watch.hear(beat, now)
        if verdict := watch.verdict(now):
            return verdict
    return ""


def test_that_a_worker_that_moves_is_well() -> None:
    assert not watched([Heartbeat(turns=n, waiting=False, work=0.0) for n in range(100)])


def test_that_a_worker_without_anything_to_do_is_well() -> None:
    assert not watched([Heartbeat(turns=3, waiting=True)] * 100)


def test_that_a_silent_worker_is_noticed_within_ten_seconds() -> None:
    assert "did not answer for 9 seconds" in watched([Heartbeat(), *[None] * 10])


def test_that_a_worker_that_neither_moves_nor_computes_is_noticed_within_ten_seconds() -> None:
    assert "stood still" in watched([Heartbeat(turns=n, waiting=False) for n in range(3)] + [Heartbeat(turns=2, waiting=False)] * 9)


def test_that_a_long_step_is_no_hang_until_it_takes_too_long() -> None:
    long = [Heartbeat(turns=5, waiting=False, work=0.9 * n) for n in range(40)]
    assert not watched(long[:28])
    assert "did not get on" in watched(long)


def test_that_waiting_for_a_slow_drive_is_no_standstill() -> None:
    assert not watched([Heartbeat(turns=5, waiting=False, disk=True)] * 28)


def test_that_a_silent_worker_that_computes_is_waited_for_until_it_takes_too_long() -> None:
    watch = Watch(LIMITS, 0.0)
    watch.started = True
    assert not any(watch.verdict(float(second), used=0.5 * second) for second in range(1, 30))
    assert any(watch.verdict(float(second), used=0.5 * second) for second in range(30, 40))


def test_that_a_worker_may_be_silent_for_longer_while_it_starts() -> None:
    watch = Watch(LIMITS, 0.0)
    assert not any(watch.verdict(float(second)) for second in range(1, 100))
    assert any(watch.verdict(float(second)) for second in range(100, 140))


def test_that_a_sleep_of_the_computer_is_no_silence() -> None:
    watch = Watch(LIMITS, 0.0)
    watch.hear(Heartbeat(turns=1, waiting=False), 1.0)
    assert not watch.verdict(1.0)
    assert not watch.verdict(4000.0)
    watch.hear(Heartbeat(turns=1, waiting=False), 4000.0)
    assert not watch.verdict(4000.2)


@pytest.mark.parametrize("memory", [0, 7 * 2**30])
def test_that_the_memory_last_used_is_remembered(memory: int) -> None:
    watch = Watch(LIMITS, 0.0)
    watch.hear(Heartbeat(memory=memory), 1.0)
    assert watch.memory == memory
