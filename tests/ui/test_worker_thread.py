"""The window's side of the worker: where a task's answers go, and how a task ends without them."""

from __future__ import annotations

import pytest
from ui.line import Line

from unetstudio.ui.worker_thread import NOT_UP, WorkerThread
from unetstudio.worker.messages import Answer, DescribeDevice, DeviceReport, StopTask, TaskEnded, TaskEvent, WorkerDied

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
