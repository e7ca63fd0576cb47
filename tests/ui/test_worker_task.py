"""Long work of the worker: answers reach the task that asked, and every task ends."""

from __future__ import annotations

import pytest
from ui.line import Line, answer, end

from unetstudio.ui.session import Session
from unetstudio.ui.task import Task, Tasks, TaskState
from unetstudio.ui.worker_task import begin_worker_task
from unetstudio.ui.worker_thread import NOT_UP, WorkerThread
from unetstudio.worker.messages import DescribeDevice, DeviceReport, Request, StopTask, TaskEvent, WorkerDied

REPORT = DeviceReport((("Processor", "four cores"),))


@pytest.fixture
def line(qapp: object) -> Line:
    return Line()


@pytest.fixture
def tasks() -> Tasks:
    return Tasks()


class Asking:
    """A question, its task, and the answers that came."""

    def __init__(self, tasks: Tasks, line: Line) -> None:
        self.answers: list[TaskEvent] = []
        self.task = begin_worker_task(tasks, line, "Describing", DescribeDevice, lambda task, event: self.answers.append(event))
        self.request = line.sent[-1]


def test_that_a_request_carries_the_id_of_its_task(line: Line, tasks: Tasks) -> None:
    asking = Asking(tasks, line)
    assert line.sent == [DescribeDevice(asking.task.id)] and tasks.running == (asking.task,)


def test_that_an_answer_and_an_end_reach_only_the_task_that_asked(line: Line, tasks: Tasks) -> None:
    first, second = Asking(tasks, line), Asking(tasks, line)
    answer(line, second.request, REPORT)
    end(line, second.request)
    assert (first.answers, first.task.state) == ([], TaskState.RUNNING)
    assert (second.answers, second.task.state) == ([REPORT], TaskState.DONE)
    end(line, first.request, "It went wrong.")
    assert (first.task.state, first.task.error, second.task.error) == (TaskState.FAILED, "It went wrong.", "")


def test_that_a_task_keeps_the_result_that_it_was_finished_with(line: Line, tasks: Tasks) -> None:
    task = begin_worker_task(tasks, line, "Describing", DescribeDevice, Task.finish)
    answer(line, line.sent[-1], REPORT)
    end(line, line.sent[-1], "An error on the way out.")
    assert (task.state, task.result) == (TaskState.DONE, REPORT)


def test_that_a_task_that_has_its_result_hears_no_more(line: Line, tasks: Tasks) -> None:
    answers: list[TaskEvent] = []

    def take(task: Task, event: TaskEvent) -> None:
        answers.append(event)
        task.finish(event)

    begin_worker_task(tasks, line, "Describing", DescribeDevice, take)
    answer(line, line.sent[-1], REPORT, DeviceReport(()))
    assert answers == [REPORT]


def test_that_every_open_task_fails_with_a_sentence_when_the_worker_dies(line: Line, tasks: Tasks) -> None:
    done, first, second = (Asking(tasks, line) for _ in range(3))
    end(line, done.request)
    line.event_received.emit(WorkerDied("The learner was ended from outside. It is being started again."))
    assert done.task.state is TaskState.DONE
    for asking in (first, second):
        assert asking.task.state is TaskState.FAILED
        assert asking.task.error == "The learner was ended from outside. It is being started again."
    assert tasks.running == ()


def test_that_a_stopped_task_is_stopped_in_the_worker_and_hears_no_more(line: Line, tasks: Tasks) -> None:
    asking = Asking(tasks, line)
    asking.task.stop()
    assert line.sent[-1] == StopTask(asking.task.id)
    answer(line, asking.request, REPORT)
    end(line, asking.request, "It went wrong.")
    assert (asking.answers, asking.task.state, asking.task.error) == ([], TaskState.STOPPED, "")


def test_that_a_task_without_a_worker_fails_at_once(qapp: object, tasks: Tasks) -> None:
    task = begin_worker_task(tasks, WorkerThread(), "Describing", DescribeDevice, Task.finish)
    assert (task.state, task.error, tasks.running) == (TaskState.FAILED, NOT_UP, ())


def test_that_a_bug_in_the_job_of_a_task_is_reported_as_one(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Request] = []
    monkeypatch.setattr(session.worker, "ask", sent.append)
    faults: list[str] = []
    session.fault.connect(faults.append)
    task = begin_worker_task(session.tasks, session.worker, "Describing", DescribeDevice, Task.finish)
    end(session.worker, sent[-1], "The report cannot be made.", detail="Traceback: IndexError")
    assert (task.error, faults) == ("The report cannot be made.", ["Traceback: IndexError"])
