"""Calculations beside the GUI thread: of those that wait only the newest is made."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from unetstudio.ui.latest import LatestThread


@pytest.fixture
def latest(qapp: object) -> Iterator[LatestThread]:
    """A running thread."""
    made = LatestThread()
    made.start()
    yield made
    made.finish()
    assert made.isFinished()


def test_that_of_many_requests_the_first_and_the_newest_are_answered(latest: LatestThread, qtbot: QtBot) -> None:
    answers: list[int] = []
    begun, go = threading.Event(), threading.Event()

    def first() -> int:
        begun.set()
        go.wait(10)
        return 0

    latest.ask(first, answers.append)
    begun.wait(10)
    for number in range(1, 30):
        latest.ask(lambda n=number: n, answers.append)  # type: ignore[misc]
    go.set()
    qtbot.waitUntil(lambda: answers == [0, 29], timeout=10_000)


def test_that_it_ends_while_something_waits(qapp: object) -> None:
    made = LatestThread()
    made.start()
    made.ask(lambda: None, lambda _: None)
    made.finish()
    assert made.isFinished()
