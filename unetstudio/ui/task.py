"""A piece of long work, as the window shows it: one handle for its progress, its problems, its result and its end."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from itertools import count

from PySide6.QtCore import QObject, Signal

_ids = count(1)


class TaskState(StrEnum):
    """The state of a task."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


class Task(QObject):
    """One piece of long work: the worker of it reports here, and every display of it listens here.

    `id` is unique in this process; it is sent with requests to the worker and comes back with the answers. A task ends once: reports after
    its end are ignored.
    """

    changed = Signal()  # progress, a problem, or whether it can be stopped
    ended = Signal()  # see `state` for the outcome

    def __init__(self, name: str, stop: Callable[[], None] | None = None) -> None:
        super().__init__()  # no parent: a slot of a task may hold the last reference to it
        self.id = next(_ids)
        self.name = name
        self.done, self.total = 0, 0  # total 0: unknown
        self.problems: list[str] = []
        self.result: object = None
        self.error = ""
        self.state = TaskState.RUNNING
        self._stop = stop

    @property
    def running(self) -> bool:
        """Whether the task has not ended."""
        return self.state is TaskState.RUNNING

    @property
    def can_stop(self) -> bool:
        """Whether the work can be stopped before its end."""
        return self._stop is not None

    def on_stop(self, stop: Callable[[], None] | None) -> None:
        """Set the function that `stop` calls, for work that begins after its task; None while the work cannot be stopped."""
        self._stop = stop
        self.changed.emit()

    def when_ended(self, slot: Callable[[], None]) -> None:
        """Connect to `ended`, and call the slot at once if the task has ended already."""
        self.ended.connect(slot)
        if not self.running:
            slot()

    def progress(self, done: int, total: int) -> None:
        """Report how much of the work is done."""
        if self.running:
            self.done, self.total = done, total
            self.changed.emit()

    def problem(self, sentence: str) -> None:
        """Report something that was left out while the work goes on."""
        if self.running:
            self.problems.append(sentence)
            self.changed.emit()

    def finish(self, result: object = None) -> None:
        """End the task successfully."""
        if self.running:
            self.result = result
            self._end(TaskState.DONE)

    def fail(self, sentence: str) -> None:
        """End the task; `sentence` tells the reader why."""
        if self.running:
            self.error = sentence
            self._end(TaskState.FAILED)

    def stop(self) -> None:
        """End the task at the user's request; the work stops after its current step."""
        if not self.running:
            return
        if self._stop is not None:
            self._stop()
        if self.running:  # the stop function may have ended it with a sentence
            self._end(TaskState.STOPPED)

    def _end(self, state: TaskState) -> None:
        self.state = state
        self._stop = None
        self.ended.emit()


class Tasks(QObject):
    """The tasks of one window that have not ended, oldest first."""

    begun = Signal(object)  # Task

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._running: list[Task] = []

    @property
    def running(self) -> tuple[Task, ...]:
        """The tasks that have not ended."""
        return tuple(self._running)

    def begin(self, name: str, stop: Callable[[], None] | None = None) -> Task:
        """Make a task and announce it."""
        task = Task(name, stop)
        self._running.append(task)
        task.ended.connect(self._forget_ended)
        self.begun.emit(task)
        return task

    def _forget_ended(self) -> None:
        for task in [task for task in self._running if not task.running]:
            self._running.remove(task)
            task.deleteLater()
