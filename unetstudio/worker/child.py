"""The worker process from within: a thread that hears, a thread that says it is alive, and the main thread, which runs the jobs."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import Connection
from queue import SimpleQueue

from unetstudio.worker.messages import Event, Heartbeat, Quit, Request

BEAT = 1.0
"""Seconds between two heartbeats."""


def serve(connection: Connection) -> None:
    """Runs until asked to quit, or until the window is gone, however it went."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in the terminal is for the window, which then ends us in order
    if hasattr(os, "nice"):
        os.nice(10)  # painting comes first on a busy machine
    inbox: SimpleQueue[Request] = SimpleQueue()
    lock = threading.Lock()

    def send(event: Event) -> None:
        try:
            with lock:
                connection.send(event)
        except OSError:
            os._exit(0)  # nobody listens any more

    def hear() -> None:
        try:
            while True:
                inbox.put(connection.recv())
        except (EOFError, OSError):
            os._exit(0)

    def live() -> None:
        parent = multiprocessing.parent_process()
        while parent is None or parent.is_alive():
            send(Heartbeat())
            threading.Event().wait(BEAT)
        os._exit(0)

    threading.Thread(target=hear, name="hear", daemon=True).start()
    threading.Thread(target=live, name="live", daemon=True).start()
    from unetstudio.worker.runner import Runner  # imports torch: seconds in which heartbeats already go out

    runner = Runner(send)
    runner.begin()
    while True:
        while not inbox.empty() or not runner.busy:
            request = inbox.get()
            if isinstance(request, Quit):
                runner.end()
                return
            runner.handle(request)
        runner.advance()
