"""The window's side of the worker: where a task's answers go, and how a task ends without them."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from ui.line import Line

from unetstudio.data.classes import ClassTable
from unetstudio.ui.worker_thread import NOT_UP, RESTARTS, WorkerThread
from unetstudio.worker.file_messages import PredictFolder
from unetstudio.worker.messages import (
    Answer,
    CloseStudy,
    DescribeDevice,
    DeviceReport,
    Event,
    Heartbeat,
    OpenStudy,
    Quit,
    Request,
    StopTask,
    TaskEnded,
    TaskEvent,
    WorkerDied,
    WorkerReady,
)

REPORT = DeviceReport((("Processor", "four cores"),))
READY = WorkerReady(0, "four cores", ())


class Asking:
    """A task's answers and end."""

    def __init__(self, worker: WorkerThread, task: int) -> None:
        self.answers: list[TaskEvent] = []
        self.ends: list[TaskEnded] = []
        worker.begin(DescribeDevice(task), self.answers.append, self.ends.append)


class Nearby:
    """A worker in this process: it describes its device, and is gone when asked to quit."""

    pid = 0

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.events: list[Event] = [Heartbeat(), READY]
        self.closed = False

    def send(self, request: Request) -> None:
        if isinstance(request, DescribeDevice):
            self.events += [Answer(request.task, REPORT), TaskEnded(request.task)]
        self.requests.append(request)

    def receive(self, seconds: float) -> list[Event] | None:
        if any(isinstance(request, Quit) for request in self.requests):
            return None
        events, self.events = self.events, []
        return events

    def cause(self) -> str:
        return "was asked to quit"

    def close(self, seconds: float) -> str:
        self.closed = True
        return "the trace"


@pytest.fixture
def line(qapp: object) -> Line:
    return Line()


def test_that_each_task_gets_its_own_answers_and_its_end_once(line: Line) -> None:
    first, second = Asking(line, 1), Asking(line, 2)
    line.event_received.emit(Answer(2, REPORT))
    line.event_received.emit(TaskEnded(2))
    line.event_received.emit(Answer(2, REPORT))
    line.event_received.emit(TaskEnded(2, "again"))
    assert (first.answers, first.ends) == ([], [])
    assert (second.answers, second.ends) == ([REPORT], [TaskEnded(2)])


def test_that_open_tasks_end_with_their_worker_and_hear_why(line: Line) -> None:
    done, still = Asking(line, 1), Asking(line, 2)
    line.event_received.emit(TaskEnded(1))
    line.event_received.emit(WorkerDied("The learner ended from outside."))
    assert done.ends == [TaskEnded(1)]
    assert still.ends == [TaskEnded(2, "The learner ended from outside.")]
    assert line.sent[-1] == StopTask(2)  # the next worker may have got the request already


def test_that_a_task_that_is_asked_for_without_a_worker_ends_at_once(qapp: object) -> None:
    asking = Asking(WorkerThread(), 1)
    assert asking.ends == [TaskEnded(1, NOT_UP)]


def test_that_a_stopped_task_hears_no_more(line: Line) -> None:
    asking = Asking(line, 1)
    line.stop(1)
    assert line.sent[-1] == StopTask(1)
    line.event_received.emit(Answer(1, REPORT))
    line.event_received.emit(TaskEnded(1))
    line.stop(1)
    assert (asking.answers, asking.ends, len(line.sent)) == ([], [], 2)


def test_that_a_folder_is_predicted_only_by_a_worker_that_was_given_the_project(qtbot: QtBot, tmp_path: Path) -> None:
    workers: list[Nearby] = []

    def start() -> Nearby:
        workers.append(Nearby())
        return workers[-1]

    thread, project = WorkerThread(start=start), OpenStudy(tmp_path, ClassTable(), ())
    events: list[Event] = []
    thread.event_received.connect(events.append)
    ends: list[TaskEnded] = []

    def predict(task: int) -> PredictFolder:
        request = PredictFolder(task, (tmp_path,), tmp_path / "out")
        thread.begin(request, lambda _: None, ends.append)
        return request

    thread.start()
    qtbot.waitUntil(lambda: events == [READY], timeout=10_000)
    predict(1)  # the project waits until its strokes are saved, or for a restarted worker to be ready
    assert (ends, workers[0].requests) == ([TaskEnded(1, NOT_UP)], [])
    thread.ask(project)
    request = predict(2)
    assert workers[0].requests == [project, request]
    thread.ask(Quit())
    qtbot.waitUntil(lambda: len(workers) == 2 and events[-1] == READY, timeout=10_000)
    assert [end.task for end in ends] == [1, 2]
    predict(3)
    thread.ask(project)
    thread.ask(CloseStudy())
    predict(4)
    thread.finish()
    assert ends[2:] == [TaskEnded(3, NOT_UP), TaskEnded(4, NOT_UP)]
    assert not any(isinstance(request, PredictFolder) for request in workers[1].requests)


def test_that_requests_and_events_go_over_any_transport(qtbot: QtBot) -> None:
    workers: list[Nearby] = []

    def start() -> Nearby:
        workers.append(Nearby())
        return workers[-1]

    thread = WorkerThread(start=start)
    events: list[Event] = []
    thread.event_received.connect(events.append)
    thread.start()
    qtbot.waitUntil(lambda: events == [READY], timeout=10_000)  # a heartbeat is the supervisor's own
    asking = Asking(thread, 1)
    qtbot.waitUntil(lambda: bool(asking.ends), timeout=10_000)
    assert (asking.answers, asking.ends) == ([REPORT], [TaskEnded(1)])
    thread.ask(Quit())
    qtbot.waitUntil(lambda: len(workers) == 2, timeout=10_000)
    died = WorkerDied("The learner was asked to quit. It is being started again.", True, "the trace")
    qtbot.waitUntil(lambda: died in events, timeout=10_000)
    thread.finish()
    assert thread.isFinished() and all(worker.closed for worker in workers)


def test_that_a_worker_that_dies_again_and_again_is_given_up(qtbot: QtBot) -> None:
    workers: list[Nearby] = []

    def start() -> Nearby:
        workers.append(Nearby())
        workers[-1].send(Quit())
        return workers[-1]

    thread, deaths = WorkerThread(start=start), []
    thread.event_received.connect(deaths.append)
    thread.start()
    qtbot.waitUntil(lambda: bool(deaths) and not deaths[-1].restarting, timeout=10_000)
    assert len(workers) == len(deaths) == RESTARTS
    assert "open the window again" in deaths[-1].reason
    assert thread.wait(5000)


def test_that_a_worker_that_the_system_refuses_to_start_says_why(qtbot: QtBot) -> None:
    def start() -> Nearby:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    thread, deaths = WorkerThread(start=start), []
    thread.event_received.connect(deaths.append)
    thread.start()
    qtbot.waitUntil(lambda: bool(deaths), timeout=10_000)
    assert "memory" in deaths[0].reason and not deaths[0].restarting
    assert thread.wait(5000)
