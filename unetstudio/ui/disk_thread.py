"""The disk thread: everything that the window saves or looks up happens here, one thing after the other.

Strokes come before all else: a long job (reading a folder, exporting) is a generator that runs in a thread of its own, and images are read
in another. Nothing waits for those, neither a stroke nor the end of the program; what a job must do in turn with the strokes it hands over
by `carry`.
"""

from __future__ import annotations

import queue
import threading
import time
import traceback
from collections.abc import Callable, Generator
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QThread, Signal

from unetstudio.errors import UserError

FAULT = "This could not be done because of an error in the program."
CLOSING = "The program was closed before this was done."
GRACE = 0.5
"""Seconds that jobs which were stopped have for the step in hand, once every stroke is on the disk."""

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class _Task:
    """One call, and what to do with its result or its error on the GUI thread."""

    call: Callable[[], Any]
    done: Callable[[Any], None] | None
    failed: Callable[[UserError], None] | None


class _Job:
    """One generator in a thread of its own, and what to do with what it yields on the GUI thread."""

    def __init__(
        self,
        disk: DiskThread,
        steps: Generator[Any, None, None],
        event: Callable[[Any], None],
        ended: Callable[[UserError | None], None] | None,
    ) -> None:
        self._disk, self._steps, self._event, self._ended = disk, steps, event, ended
        self.stopped = False
        self.thread = threading.Thread(target=self._run, name="job", daemon=True)  # one that reads on and on is left behind at the end

    def _run(self) -> None:
        error: UserError | None = None
        try:
            while not self.stopped:
                self._disk.answer(self._event, next(self._steps))
            self._steps.close()
        except StopIteration:
            pass
        except UserError as raised:
            error = raised
        except Exception:  # noqa: BLE001 - a bug in one job ends that job and is told; the window goes on
            error = UserError(FAULT)
            self._disk.answer(self._disk.crashed.emit, traceback.format_exc())
        if self._ended is not None:
            self._disk.answer(self._ended, error)


class DiskThread(QThread):
    """Runs tasks in order, and jobs beside them; results come back on the GUI thread."""

    crashed = Signal(str)  # traceback of a bug in a task; the thread goes on
    _back = Signal(object, object)  # callable and its argument, carried to the GUI thread

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks: queue.Queue[_Task | None] = queue.Queue()
        self._reads: queue.Queue[_Task | None] = queue.Queue()
        self._reader = threading.Thread(target=self._work, args=(self._reads,), name="reader", daemon=True)
        self._jobs: list[_Job] = []
        self._ending = False
        self._back.connect(self._call_back)

    def ask(
        self, call: Callable[[], Any], done: Callable[[Any], None] | None = None, failed: Callable[[UserError], None] | None = None
    ) -> None:
        """Runs `call` on the disk thread, then `done(result)` or `failed(error)` on the GUI thread."""
        self._tasks.put(_Task(call, done, failed))

    def read(self, call: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[UserError], None]) -> None:
        """As `ask`, for what takes long and changes nothing: beside the tasks, one such call after the other."""
        self._reads.put(_Task(call, done, failed))

    def begin(
        self,
        steps: Generator[Any, None, None],
        event: Callable[[Any], None],
        ended: Callable[[UserError | None], None] | None = None,
    ) -> Callable[[], None]:
        """Runs a job after the tasks asked so far and beside those that follow, `event(what it yields)` on the GUI thread; returns a
        function that stops it before its next step."""
        job = _Job(self, steps, event, ended)
        self._jobs = [other for other in self._jobs if other.thread.is_alive() or not other.thread.ident]
        self._jobs.append(job)
        self._tasks.put(_Task(job.thread.start, None, None))

        def stop() -> None:
            job.stopped = True

        return stop

    def carry(self, call: Callable[[], T]) -> T:
        """For jobs: runs `call` among the tasks, in its turn, and waits for what it returns or raises. UserError when the window closes."""
        answer: Future[T] = Future()

        def run() -> None:
            try:
                answer.set_result(call())
            except BaseException as error:  # noqa: BLE001 - it is the job's, which raises it
                answer.set_exception(error)

        self.ask(run)
        while not wait([answer], 0.2).done:
            if self.isFinished():
                raise UserError(CLOSING)
        return answer.result()

    @property
    def working(self) -> bool:
        """After `finish`: whether something is still being read or a job runs."""
        return any(thread.is_alive() for thread in self._others)

    @property
    def _others(self) -> list[threading.Thread]:
        return [thread for thread in (self._reader, *(job.thread for job in self._jobs)) if thread.ident]

    def finish(self, seconds: float = 2.5) -> bool:
        """Stops jobs, runs the tasks asked so far, and ends the thread; False when that took too long. A job may still be at its step."""
        for job in self._jobs:
            job.stopped = True
        self._reads.put(None)
        self._tasks.put(None)
        ended = self.wait(int(seconds * 1000))
        until = time.monotonic() + GRACE
        for thread in self._others:
            thread.join(max(0.0, until - time.monotonic()))
        self._ending = True
        return ended

    def answer(self, call: Callable[[Any], None], argument: object) -> None:
        """From any thread: `call(argument)` on the GUI thread, as long as there is one."""
        if not self._ending:
            self._back.emit(call, argument)

    def run(self) -> None:
        """The thread's life."""
        self._reader.start()
        self._work(self._tasks)

    def _work(self, tasks: queue.Queue[_Task | None]) -> None:
        while (task := tasks.get()) is not None:
            self._do(task)

    def _do(self, task: _Task) -> None:
        try:
            result = task.call()
        except UserError as error:
            if task.failed is not None:
                self.answer(task.failed, error)
        except Exception:  # noqa: BLE001 - a bug in one task must not end the thread that saves strokes
            self.crashed.emit(traceback.format_exc())
            if task.failed is not None:
                self.answer(task.failed, UserError(FAULT))
        else:
            if task.done is not None:
                self.answer(task.done, result)

    def _call_back(self, call: Callable[[Any], None], argument: object) -> None:
        call(argument)
