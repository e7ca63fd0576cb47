"""The window's side of the worker: where a task's answers go, and how a task ends without them."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from ui.line import Line

from unetstudio.data.classes import ClassTable
from unetstudio.ui.worker_thread import NOT_UP, WorkerThread
from unetstudio.worker.file_messages import PredictFolder
from unetstudio.worker.messages import (
    Answer,
    CloseStudy,
    DescribeDevice,
    DeviceReport,
    Event,
    OpenStudy,
    Request,
    StopTask,
    TaskEnded,
    TaskEvent,
    WorkerDied,
)

REPORT = DeviceReport((("Processor", "four cores"),))


class Asking:
    """A task's answers and end."""

    def __init__(self, worker: WorkerThread, task: int) -> None:
        self.answers: list[TaskEvent] = []
        self.ends: list[TaskEnded] = []
        worker.begin(DescribeDevice(task), self.answers.append, self.ends.append)


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


class Transport:
    """A worker that keeps what it is sent, until it is to be gone."""

    pid = 1

    def __init__(self) -> None:
        self.sent: list[Request] = []
        self.gone = threading.Event()

    def send(self, request: Request) -> None:
        self.sent.append(request)

    def receive(self, seconds: float) -> list[Event] | None:
        return None if self.gone.wait(seconds) else []

    def cause(self) -> str:
        return "was ended"

    def close(self, seconds: float = 1.0) -> str:
        return ""


def test_that_a_folder_is_predicted_only_by_a_worker_that_was_given_the_project(qtbot: QtBot, tmp_path: Path) -> None:
    workers: list[Transport] = []

    def start() -> Transport:
        workers.append(Transport())
        return workers[-1]

    thread, project = WorkerThread(start=start), OpenStudy(tmp_path, ClassTable(), ())
    ends: list[TaskEnded] = []

    def predict(task: int) -> PredictFolder:
        request = PredictFolder(task, (tmp_path,), tmp_path / "out")
        thread.begin(request, lambda _: None, ends.append)
        return request

    thread.start()
    try:
        qtbot.waitUntil(lambda: thread.pid != 0)
        predict(1)  # the process is there, and still importing
        assert (ends, workers[0].sent) == ([TaskEnded(1, NOT_UP)], [])
        thread.ask(project)
        request = predict(2)
        assert workers[0].sent == [project, request]
        with qtbot.waitSignal(thread.event_received):
            workers[0].gone.set()
        qtbot.waitUntil(lambda: len(workers) == 2 and thread.pid != 0)
        predict(3)
        thread.ask(project)
        thread.ask(CloseStudy())
        predict(4)
        assert ends[2:] == [TaskEnded(3, NOT_UP), TaskEnded(4, NOT_UP)]
        assert not any(isinstance(request, PredictFolder) for request in workers[1].sent)
    finally:
        thread.finish()
