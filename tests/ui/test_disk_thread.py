"""The disk thread: calls in order, jobs beside them, answers on the GUI thread, and no end by any error."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from unetstudio.errors import UserError
from unetstudio.ui.disk_thread import DiskThread


@pytest.fixture
def disk(qapp: object) -> Iterator[DiskThread]:
    """A running disk thread."""
    made = DiskThread()
    made.start()
    yield made
    assert made.finish()


def test_that_tasks_run_in_order_beside_the_gui_thread_and_answer_on_it(disk: DiskThread, qtbot: QtBot) -> None:
    done: list[tuple[int, bool]] = []
    here = QThread.currentThread()
    for number in range(50):
        disk.ask(
            lambda n=number: (n, QThread.currentThread() is here),
            lambda result: done.append((result[0], result[1] or threading.current_thread() is not threading.main_thread())),  # type: ignore[misc]
        )
    qtbot.waitUntil(lambda: len(done) == 50, timeout=10_000)
    assert done == [(n, False) for n in range(50)]


def test_that_a_user_error_is_handed_back_and_the_next_task_runs(disk: DiskThread, qtbot: QtBot) -> None:
    answers: list[str] = []

    def fail() -> None:
        raise UserError("no")

    disk.ask(fail, lambda _: answers.append("done"), lambda error: answers.append(str(error)))
    disk.ask(lambda: "yes", answers.append)
    qtbot.waitUntil(lambda: answers == ["no", "yes"], timeout=10_000)


def test_that_a_bug_is_reported_with_its_trace_fails_its_call_and_ends_nothing(disk: DiskThread, qtbot: QtBot) -> None:
    answers: list[str] = []
    with qtbot.waitSignal(disk.crashed, timeout=10_000) as crashed:
        disk.ask(lambda: 1 / 0, None, lambda error: answers.append(str(error)))
    assert "ZeroDivisionError" in crashed.args[0]
    disk.ask(lambda: "yes", answers.append)
    qtbot.waitUntil(lambda: len(answers) == 2, timeout=10_000)
    assert "error in the program" in answers[0]


def test_that_a_stroke_does_not_wait_for_a_job(disk: DiskThread, qtbot: QtBot) -> None:
    results: list[object] = []
    begun, go = threading.Event(), threading.Event()

    def steps() -> Iterator[int]:
        begun.set()
        assert go.wait(10)
        yield 1

    disk.begin(steps(), results.append, lambda error: results.append("end"))
    assert begun.wait(10)
    disk.ask(lambda: "stroke", results.append)
    qtbot.waitUntil(lambda: results == ["stroke"], timeout=10_000)
    go.set()
    qtbot.waitUntil(lambda: results == ["stroke", 1, "end"], timeout=10_000)


def test_that_a_job_begins_after_the_calls_queued_before_it(disk: DiskThread, qtbot: QtBot) -> None:
    results: list[str] = []
    go = threading.Event()
    disk.ask(lambda: results.append("saved" if go.wait(10) else "late"))

    def steps() -> Iterator[str]:
        results.append("read")
        yield "event"

    disk.begin(steps(), lambda event: None, lambda error: results.append("end"))
    go.set()
    qtbot.waitUntil(lambda: results == ["saved", "read", "end"], timeout=10_000)


def test_that_a_call_that_a_job_carries_runs_on_the_disk_thread_and_its_error_is_raised_in_the_job(disk: DiskThread, qtbot: QtBot) -> None:
    results: list[object] = []
    threads: list[QThread] = []

    def refuse() -> None:
        raise UserError("the disk is full")

    def steps() -> Iterator[str]:
        disk.carry(lambda: threads.append(QThread.currentThread()))
        yield "stored"
        disk.carry(refuse)

    disk.begin(steps(), results.append, lambda error: results.append(str(error)))
    qtbot.waitUntil(lambda: results == ["stored", "the disk is full"], timeout=10_000)
    assert threads == [disk]


def test_that_finishing_waits_for_strokes_and_not_for_a_job_that_reads_on(qapp: object, qtbot: QtBot) -> None:
    made, kept = DiskThread(), []
    begun, go, gone = threading.Event(), threading.Event(), threading.Event()

    def reading() -> Iterator[int]:
        begun.set()
        assert go.wait(30)
        try:
            made.carry(lambda: kept.append("too late"))
        except UserError:
            gone.set()
        yield 1

    made.start()
    made.begin(reading(), lambda event: kept.append("event"))
    assert begun.wait(10)
    made.ask(lambda: kept.append("stroke"))
    assert made.finish()
    assert made.working
    go.set()
    assert gone.wait(10)
    qtbot.waitUntil(lambda: not made.working, timeout=10_000)
    assert kept == ["stroke"]


def test_that_a_stopped_job_is_closed_and_ends_without_error(disk: DiskThread, qtbot: QtBot) -> None:
    results: list[object] = []
    closed = threading.Event()

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    steps: list[int] = []
    stop = disk.begin(endless(), steps.append, results.append)
    qtbot.waitUntil(lambda: bool(steps), timeout=10_000)
    stop()
    qtbot.waitUntil(lambda: results == [None], timeout=10_000)
    assert closed.is_set()


def test_that_the_error_of_a_job_is_handed_back(disk: DiskThread, qtbot: QtBot) -> None:
    results: list[object] = []

    def failing() -> Iterator[int]:
        yield 1
        raise UserError("the disk is full")

    disk.begin(failing(), lambda event: None, lambda error: results.append(str(error)))
    qtbot.waitUntil(lambda: results == ["the disk is full"], timeout=10_000)


def test_that_finishing_runs_the_queued_calls_and_closes_the_jobs(qapp: object, qtbot: QtBot) -> None:
    made, kept, closed = DiskThread(), [], threading.Event()
    steps: list[int] = []

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    made.start()
    made.begin(endless(), steps.append)
    qtbot.waitUntil(lambda: bool(steps), timeout=10_000)
    for number in range(20):
        made.ask(lambda n=number: kept.append(n))  # type: ignore[misc]
    assert made.finish()
    assert kept == list(range(20))
    assert closed.is_set()


def test_that_a_stroke_does_not_wait_for_an_image_that_is_read(disk: DiskThread, qtbot: QtBot) -> None:
    results: list[str] = []
    go = threading.Event()

    def refuse() -> None:
        raise UserError("no image")

    disk.read(lambda: "image" if go.wait(10) else "late", results.append, lambda error: results.append(str(error)))
    disk.read(refuse, results.append, lambda error: results.append(str(error)))
    disk.ask(lambda: "stroke", results.append)
    qtbot.waitUntil(lambda: results == ["stroke"], timeout=10_000)
    go.set()
    qtbot.waitUntil(lambda: results == ["stroke", "image", "no image"], timeout=10_000)
