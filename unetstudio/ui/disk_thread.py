"""The disk thread: everything that the window saves or looks up happens here, one call after the other.

Strokes come before all else. A long job (reading a folder, exporting) is a generator that runs in its own thread, and images are read in
another; neither a stroke nor the end of the program waits for those. A job that must write in turn with the strokes does so by `carry`.
"""

from __future__ import annotations

import queue
import threading
import time
import traceback
from collections.abc import Callable, Generator
from concurrent.futures import Future, wait
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, QThread, Signal

from unetstudio.errors import UserError

FAULT = "This could not be done because of an error in the program."
CLOSING = "The program was closed before this was done."
GRACE = 0.5
"""Seconds that stopped jobs have for their current step, once every stroke is on the disk."""

T = TypeVar("T")


class _Call(Generic[T]):
    """A function to call, and the callbacks for its result or its error on the GUI thread."""

    def __init__(
        self, disk: DiskThread, call: Callable[[], T], done: Callable[[T], None] | None, failed: Callable[[UserError], None] | None
    ) -> None:
        self._disk, self._call, self._done, self._failed = disk, call, done, failed

    def run(self) -> None:
        try:
            result = self._call()
        except UserError as error:
            self._fail(error)
        except Exception:  # noqa: BLE001 - a bug in one call must not end the thread that saves strokes
            self._disk.report_crash(traceback.format_exc())
            self._fail(UserError(FAULT))
        else:
            if (done := self._done) is not None:
                self._disk.answer(lambda: done(result))

    def _fail(self, error: UserError) -> None:
        if (failed := self._failed) is not None:
            self._disk.answer(lambda: failed(error))


class _Job(Generic[T]):
    """A generator in its own thread, and the callbacks for its events on the GUI thread."""

    def __init__(
        self,
        disk: DiskThread,
        steps: Generator[T, None, None],
        event: Callable[[T], None],
        ended: Callable[[UserError | None], None] | None,
    ) -> None:
        self._disk, self._steps, self._event, self._ended = disk, steps, event, ended
        self.stopped = False
        self.thread = threading.Thread(target=self._run, name="job", daemon=True)  # a daemon: one that never yields is abandoned at the end

    def stop(self) -> None:
        """Stop before the next step."""
        self.stopped = True

    def _run(self) -> None:
        error: UserError | None = None
        try:
            while not self.stopped:
                self._report(next(self._steps))
            self._steps.close()
        except StopIteration:
            pass
        except UserError as raised:
            error = raised
        except Exception:  # noqa: BLE001 - a bug in one job ends that job and is reported; the window goes on
            error = UserError(FAULT)
            self._disk.report_crash(traceback.format_exc())
        if (ended := self._ended) is not None:
            self._disk.answer(lambda: ended(error))

    def _report(self, event: T) -> None:
        self._disk.answer(lambda: self._event(event))


class DiskThread(QThread):
    """Runs calls in order, and jobs beside them; results come back on the GUI thread."""

    crashed = Signal(str)  # traceback of a bug in a call or job; the thread goes on
    _answered = Signal(object)  # function to call on the GUI thread

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._calls: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self._reads: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self._reader = threading.Thread(target=self._work, args=(self._reads,), name="reader", daemon=True)
        self._jobs: list[_Job[Any]] = []  # each with events of its own type
        self._ending = False
        self._answered.connect(self._call_back)

    def ask(
        self, call: Callable[[], T], done: Callable[[T], None] | None = None, failed: Callable[[UserError], None] | None = None
    ) -> None:
        """Run `call` on the disk thread, then `done(result)` or `failed(error)` on the GUI thread."""
        self._calls.put(_Call(self, call, done, failed).run)

    def read(self, call: Callable[[], T], done: Callable[[T], None], failed: Callable[[UserError], None]) -> None:
        """Run `call` like `ask`, but beside the other calls, for slow calls that change nothing; one such call runs after the other."""
        self._reads.put(_Call(self, call, done, failed).run)

    def beside(
        self,
        call: Callable[[], T],
        done: Callable[[T], None] | None = None,
        failed: Callable[[UserError], None] | None = None,
        *,
        seconds: float = 0.0,
    ) -> None:
        """Run `call` at once in a thread of its own, as what must not wait for a disk that does not answer; wait `seconds` at most."""
        thread = threading.Thread(target=_Call(self, call, done, failed).run, name="beside", daemon=True)
        thread.start()
        thread.join(seconds)

    def begin(
        self,
        steps: Generator[T, None, None],
        event: Callable[[T], None],
        ended: Callable[[UserError | None], None] | None = None,
    ) -> Callable[[], None]:
        """Run a job after the calls queued so far and beside later ones; `event` gets each of its events on the GUI thread. Return a
        function that stops it before its next step."""
        job = _Job(self, steps, event, ended)
        self._jobs = [other for other in self._jobs if other.thread.is_alive() or not other.thread.ident]
        self._jobs.append(job)
        self.ask(job.thread.start)
        return job.stop

    def carry(self, call: Callable[[], T]) -> T:
        """Run `call` in its turn on the disk thread and return or raise its outcome; to be called from a job. UserError when the window
        closes."""
        answer: Future[T] = Future()

        def run() -> None:
            try:
                answer.set_result(call())
            except BaseException as error:  # noqa: BLE001 - passed to the job, which raises it
                answer.set_exception(error)

        self.ask(run)
        while not wait([answer], 0.2).done:
            if self.isFinished():
                raise UserError(CLOSING)
        return answer.result()

    @property
    def working(self) -> bool:
        """Whether, after `finish`, something is still being read or a job runs."""
        return any(thread.is_alive() for thread in self._others)

    @property
    def _others(self) -> list[threading.Thread]:
        return [thread for thread in (self._reader, *(job.thread for job in self._jobs)) if thread.ident]

    def finish(self, seconds: float = 2.5) -> bool:
        """Stop jobs, run the queued calls, and end the thread; False when that took too long. A job may still be at its step."""
        for job in self._jobs:
            job.stop()
        self._reads.put(None)
        self._calls.put(None)
        ended = self.wait(int(seconds * 1000))
        until = time.monotonic() + GRACE
        for thread in self._others:
            thread.join(max(0.0, until - time.monotonic()))
        self._ending = True
        return ended

    def answer(self, call: Callable[[], None]) -> None:
        """Call a function on the GUI thread as long as there is one; may be called from any thread."""
        if not self._ending:
            self._answered.emit(call)

    def report_crash(self, trace: str) -> None:
        """Report a bug in a call or job; may be called from any thread."""
        self.answer(lambda: self.crashed.emit(trace))

    def run(self) -> None:
        """Work until `finish`."""
        self._reader.start()
        self._work(self._calls)

    def _work(self, calls: queue.Queue[Callable[[], None] | None]) -> None:
        while (call := calls.get()) is not None:
            call()

    def _call_back(self, call: Callable[[], None]) -> None:
        call()
