"""A substitute for the worker: tests read the requests it would get, and answer in its place."""

from __future__ import annotations

from unetstudio.ui.worker_thread import WorkerThread
from unetstudio.worker.messages import Answer, Request, TaskEnded, TaskEvent, TaskRequest


class Line(WorkerThread):
    """A worker thread that is not started and keeps the requests for its process."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Request] = []

    def ask(self, request: Request) -> None:
        self.sent.append(request)


def task_of(request: Request) -> int:
    """Return the id of a request's task."""
    assert isinstance(request, TaskRequest)
    return request.task


def answer(worker: WorkerThread, request: Request, *events: TaskEvent) -> None:
    """Answer a request as its running job would."""
    for event in events:
        worker.event_received.emit(Answer(task_of(request), event))


def end(worker: WorkerThread, request: Request, error: str = "", *, detail: str = "") -> None:
    """End the job of a request."""
    worker.event_received.emit(TaskEnded(task_of(request), error, detail))
