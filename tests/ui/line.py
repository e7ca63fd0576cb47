"""A connection to a worker that does not exist: tests read the requests, and answer as the worker would."""

from __future__ import annotations

from unetstudio.ui.worker_thread import WorkerThread
from unetstudio.worker.messages import Answer, Request, TaskEnded, TaskEvent, TaskRequest


class Line(WorkerThread):
    """A worker thread that is not started and records the requests instead of sending them."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Request] = []

    def ask(self, request: Request) -> None:
        self.sent.append(request)


def task_of(request: Request) -> int:
    """Return the id of the task that a request is for."""
    assert isinstance(request, TaskRequest)
    return request.task


def answer(worker: WorkerThread, request: Request, *events: TaskEvent) -> None:
    """Answer a request as its job would before its end."""
    for event in events:
        worker.event_received.emit(Answer(task_of(request), event))


def end(worker: WorkerThread, request: Request, error: str = "", *, detail: str = "") -> None:
    """End the job of a request."""
    worker.event_received.emit(TaskEnded(task_of(request), error, detail))
