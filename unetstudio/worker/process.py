"""A worker in its own process: started with spawn, reached over a pipe, watched for death, silence and damaged messages. No torch in the
parent."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Empty, Queue, SimpleQueue
from threading import Thread

from unetstudio.worker import crash_log
from unetstudio.worker.messages import Event, Heartbeat, Quit, Request, WorkerReady
from unetstudio.worker.pipe import receive_message
from unetstudio.worker.watch import Watch, WatchLimits

NONSENSE = "sent something that cannot be understood"

Child = Callable[[Connection, Path | None], None]


def _child(connection: Connection, log: Path | None) -> None:
    """Run the worker in the child: torch is imported there, never in the window."""
    importlib.import_module("unetstudio.worker.child").serve(connection, log)


class WorkerProcess:
    """The transport to one child process. `logs` is the folder for the trace of a crash; `child` is the function that the process runs."""

    def __init__(self, limits: WatchLimits | None = None, *, logs: Path | None = None, child: Child = _child) -> None:
        from unetstudio.worker.cause import oom_kills

        os.environ["PYTHONSAFEPATH"] = "1"  # else the child looks for its modules in the current folder first, and runs what lies there
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._log = None if logs is None else crash_log.raw(logs, os.getpid())
        self._oom_kills = oom_kills()
        self._connection = ours
        self._process = context.Process(target=child, args=(theirs, self._log), name="unetstudio-worker", daemon=True)
        self._process.start()
        theirs.close()
        self._watch = Watch(limits or WatchLimits(), time.monotonic())
        self._verdict = ""
        self._gone = False
        self._inbox: SimpleQueue[Event | None] = SimpleQueue()  # None: the pipe has ended
        self._outbox: Queue[Request | None] = Queue()
        self._reader = Thread(target=self._read, name="worker-read", daemon=True)
        self._reader.start()
        Thread(target=self._post, name="worker-post", daemon=True).start()

    @property
    def pid(self) -> int:
        """Process number."""
        return self._process.pid or 0

    def send(self, request: Request) -> None:
        """Queue a request; a separate thread writes it, so that a full pipe never makes the window wait."""
        self._outbox.put(request)

    def receive(self, seconds: float) -> list[Event] | None:
        """Return the events that arrive within `seconds`; None when the process is gone, hangs, or sends damaged messages."""
        events: list[Event] = []
        try:
            event = self._inbox.get(timeout=0 if self._gone else seconds)
            while event is not None:
                events.append(event)
                event = self._inbox.get_nowait()
            self._gone = True
        except Empty:
            pass
        now = time.monotonic()
        for event in events:
            if isinstance(event, Heartbeat):
                self._watch.hear(event, now)
            elif isinstance(event, WorkerReady):
                self._watch.started = True
        if events:
            return events
        self._verdict = self._verdict or ("" if self._gone else self._watch.verdict(now, self._used()))
        return None if self._gone or self._verdict or self._process.exitcode is not None else events

    def cause(self) -> str:
        """Return why it ended, as the end of a sentence that begins with "The learner"."""
        from unetstudio.worker.cause import ended, oom_kills

        self._process.join(0.3 if self._verdict else 1.0)
        if self._verdict and (self._verdict != NONSENSE or self._process.exitcode is None):  # half a message: it ended while it was sending
            return self._verdict
        return ended(self._process.exitcode, self._watch.memory, oom_kills() - self._oom_kills)

    def close(self, seconds: float = 1.0) -> str:
        """Ask the process to quit, and end it after about `seconds`; return the trace of a crash, or ""."""
        self._outbox.put(Quit())
        self._outbox.put(None)
        self._process.join(seconds)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(0.5)
        self._reader.join(0.5)
        if not self._reader.is_alive():
            self._connection.close()
        return "" if self._log is None else crash_log.collect(self._log)

    def _used(self) -> float:
        """Return the processor seconds of the child."""
        import psutil

        try:
            times = psutil.Process(self.pid).cpu_times()
        except psutil.Error:
            return 0.0  # it has just ended
        return float(times.user + times.system)

    def _read(self) -> None:
        """Receive messages in a separate thread: half a message must not block the supervisor."""
        try:
            while True:
                event = receive_message(self._connection)
                if not isinstance(event, Event):
                    self._verdict = NONSENSE
                    break
                self._inbox.put(event)
        except EOFError:
            pass
        except OSError as error:  # not quoting the error: it states a length that no message has
            self._verdict = "" if error.errno else NONSENSE
        self._inbox.put(None)

    def _post(self) -> None:
        while (request := self._outbox.get()) is not None:
            try:
                self._connection.send(request)
            except (OSError, ValueError):
                return  # the process is gone; `receive` notices and the supervisor starts another
