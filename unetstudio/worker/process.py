"""The worker's process: started with spawn, spoken to over a pipe, watched for death and silence. No torch in the parent."""

from __future__ import annotations

import importlib
import multiprocessing
import signal
import time
from multiprocessing.connection import Connection, wait
from queue import Queue
from threading import Thread

from unetstudio.worker.messages import Event, Quit, Request

SILENCE = 20.0
"""Seconds without a heartbeat after which the worker counts as hanging; it sends one every second."""


def _child(connection: Connection) -> None:
    """The child's first function: imports torch there, never in the window."""
    importlib.import_module("unetstudio.worker.child").serve(connection)


class WorkerProcess:
    """One child process: `send` never blocks, `receive` waits a little, `cause` says in words why it is gone."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._connection = ours
        self._process = context.Process(target=_child, args=(theirs,), name="unetstudio-worker", daemon=True)
        self._process.start()
        theirs.close()
        self._heard = time.monotonic()
        self._outbox: Queue[Request | None] = Queue()
        Thread(target=self._post, name="worker-post", daemon=True).start()

    @property
    def pid(self) -> int:
        """Process number."""
        return self._process.pid or 0

    def send(self, request: Request) -> None:
        """Queues a request; a thread of its own writes it, so that a full pipe never makes the window wait."""
        self._outbox.put(request)

    def receive(self, seconds: float) -> list[Event] | None:
        """Events that arrived within `seconds`; None when the process is gone or has been silent too long."""
        ready = wait([self._connection, self._process.sentinel], timeout=seconds)
        events: list[Event] = []
        try:
            while self._connection.poll():
                events.append(self._connection.recv())
        except (EOFError, OSError):
            return events or None
        if events:
            self._heard = time.monotonic()
        elif self._process.sentinel in ready or time.monotonic() - self._heard > SILENCE:
            return None
        return events

    def cause(self) -> str:
        """Why it ended, as the end of a sentence that begins with "The learner"."""
        self._process.join(0.5)
        code = self._process.exitcode
        if code is None:
            return f"did not answer for {SILENCE:.0f} seconds"
        if code == -9:
            return "was ended from outside (often: the computer ran out of memory)"
        if code < 0:
            return f"crashed ({signal.Signals(-code).name})"
        return f"ended by itself (exit code {code})"

    def end(self, seconds: float = 1.0) -> None:
        """Asks it to quit, then ends it; returns within about `seconds` plus a little."""
        self._outbox.put(Quit())
        self._outbox.put(None)
        self._process.join(seconds)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(0.5)
        self._connection.close()

    def _post(self) -> None:
        while (request := self._outbox.get()) is not None:
            try:
                self._connection.send(request)
            except (OSError, ValueError):
                return  # the process is gone; `receive` notices and the supervisor starts another
