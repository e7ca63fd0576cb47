"""The start of long work in the worker as a task of the window."""

from __future__ import annotations

from collections.abc import Callable

from unetstudio.ui.task import Task, Tasks
from unetstudio.ui.worker_thread import WorkerThread
from unetstudio.worker.messages import TaskEnded, TaskEvent, TaskRequest


def begin_worker_task(
    tasks: Tasks, worker: WorkerThread, name: str, make_request: Callable[[int], TaskRequest], on_event: Callable[[Task, TaskEvent], None]
) -> Task:
    """Begin a task and send the worker the request that `make_request` makes for its id.

    `on_event` takes the answers; it may finish the task with a result. The task ends with its job at the latest, and fails when the job
    fails or the worker dies. A task that has ended gets no more answers.
    """
    task = tasks.begin(name, lambda: worker.stop(task.id))

    def answer(event: TaskEvent) -> None:
        if task.running:
            on_event(task, event)

    def end(ended: TaskEnded) -> None:
        if ended.error:
            task.fail(ended.error)
        else:
            task.finish()

    worker.begin(make_request(task.id), answer, end)
    return task
