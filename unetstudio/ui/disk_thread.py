"""The disk thread: everything that reads or writes files for the window happens here, one thing after the other.

Strokes come before all else: a long job (reading a folder, exporting) is a generator that is advanced one step at a time and only while
no other task waits.
"""

from __future__ import annotations

import queue
import traceback
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal

from unetstudio.errors import UserError

FAULT = "This could not be done because of an error in the program."


@dataclass(eq=False)
class _Task:
    """One call, and what to do with its result or its error on the GUI thread."""

    call: Callable[[], Any]
    done: Callable[[Any], None] | None
    failed: Callable[[UserError], None] | None


@dataclass(eq=False)
class _Job:
    """One generator, and what to do with what it yields on the GUI thread."""

    steps: Generator[Any, None, None]
    event: Callable[[Any], None]
    ended: Callable[[UserError | None], None] | None
    stopped: bool = False


class DiskThread(QThread):
    """Runs tasks in order, and jobs between them; results come back on the GUI thread."""

    crashed = Signal(str)  # traceback of a bug in a task; the thread goes on
    _back = Signal(object, object)  # callable and its argument, carried to the GUI thread

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks: queue.Queue[_Task | None] = queue.Queue()
        self._jobs: deque[_Job] = deque()
        self._back.connect(self._call_back)

    def ask(
        self, call: Callable[[], Any], done: Callable[[Any], None] | None = None, failed: Callable[[UserError], None] | None = None
    ) -> None:
        """Runs `call` on the disk thread, then `done(result)` or `failed(error)` on the GUI thread."""
        self._tasks.put(_Task(call, done, failed))

    def begin(
        self,
        steps: Generator[Any, None, None],
        event: Callable[[Any], None],
        ended: Callable[[UserError | None], None] | None = None,
    ) -> Callable[[], None]:
        """Runs a job between tasks, `event(what it yields)` on the GUI thread; returns a function that stops it."""
        job = _Job(steps, event, ended)
        self._tasks.put(_Task(lambda: self._jobs.append(job), None, None))

        def stop() -> None:
            job.stopped = True

        return stop

    def finish(self, seconds: float = 2.5) -> bool:
        """Stops jobs, runs the tasks asked so far, and ends the thread; False when that took too long."""
        for job in list(self._jobs):
            job.stopped = True
        self._tasks.put(None)
        return self.wait(int(seconds * 1000))

    def run(self) -> None:
        """The thread's life."""
        while True:
            try:
                task = self._tasks.get(block=not self._jobs)
            except queue.Empty:
                self._advance(self._jobs[0])
                continue
            if task is None:
                break
            self._do(task)
        for job in self._jobs:
            job.steps.close()

    def _do(self, task: _Task) -> None:
        try:
            result = task.call()
        except UserError as error:
            if task.failed is not None:
                self._back.emit(task.failed, error)
        except Exception:  # noqa: BLE001 - a bug in one task must not end the thread that saves strokes
            self.crashed.emit(traceback.format_exc())
            if task.failed is not None:
                self._back.emit(task.failed, UserError(FAULT))
        else:
            if task.done is not None:
                self._back.emit(task.done, result)

    def _advance(self, job: _Job) -> None:
        error: UserError | None = None
        try:
            if not job.stopped:
                self._back.emit(job.event, next(job.steps))
                return
            job.steps.close()
        except StopIteration:
            pass
        except UserError as raised:
            error = raised
        except Exception:  # noqa: BLE001 - as above
            error = UserError(FAULT)
            self.crashed.emit(traceback.format_exc())
        self._jobs.popleft()
        if job.ended is not None:
            self._back.emit(job.ended, error)

    def _call_back(self, call: Callable[[Any], None], argument: object) -> None:
        call(argument)
