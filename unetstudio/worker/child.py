"""The worker process from within: a thread that receives, a thread that sends heartbeats, and the main thread, which runs the jobs."""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue

import psutil

from unetstudio.core_dumps import disable_core_dumps
from unetstudio.inference.events import Notice
from unetstudio.registry import Reporter
from unetstudio.worker import crash_log
from unetstudio.worker.cause import GARBLED
from unetstudio.worker.messages import Event, Heartbeat, JobFailed, Quit, Request
from unetstudio.worker.pipe import receive_message

BEAT = 1.0
"""Seconds between two heartbeats."""

STILL = 5
"""Heartbeats without progress of the main thread after which its traceback is logged."""


class Pulse:
    """The state of the main thread, read by the heartbeat."""

    def __init__(self) -> None:
        self.turns = 0
        self.waiting = True

    def beat(self, process: psutil.Process) -> Heartbeat:
        """Make a heartbeat, in the thread that sends it, whose own processor time is not counted."""
        work = time.process_time() - time.thread_time()
        return Heartbeat(self.turns, self.waiting, work, _waits_for_disk(), int(process.memory_info().rss))


def serve(connection: Connection, log: Path | None = None) -> None:
    """Run until asked to quit or until the window is gone, for whatever reason; a crash leaves its trace in the file `log`."""
    trace = None if log is None else crash_log.open_raw(log)
    _isolate()
    inbox: SimpleQueue[Request] = SimpleQueue()
    lock = threading.Lock()
    pulse = Pulse()

    def send(event: Event) -> None:
        try:
            with lock:
                connection.send(event)
        except OSError:
            os._exit(0)  # the other end is closed

    def receive() -> None:
        try:
            while True:
                request = receive_message(connection)
                if not isinstance(request, Request):
                    os._exit(GARBLED)
                inbox.put(request)
        except EOFError:
            os._exit(0)
        except OSError as error:  # not quoting the error: it states a length that no message has
            os._exit(0 if error.errno else GARBLED)

    def beat() -> None:
        parent, process = multiprocessing.parent_process(), psutil.Process()
        turns, still = 0, 0
        while parent is None or parent.is_alive():
            heartbeat = pulse.beat(process)
            send(heartbeat)
            turns, still = heartbeat.turns, 0 if heartbeat.waiting or heartbeat.turns != turns else still + 1
            if still == STILL and trace is not None:
                faulthandler.dump_traceback(trace, all_threads=True)
            threading.Event().wait(BEAT)
        os._exit(0)

    threading.Thread(target=receive, name="receive", daemon=True).start()
    threading.Thread(target=beat, name="beat", daemon=True).start()
    Reporter(lambda sentence: send(Notice(sentence)))
    try:
        _run(inbox, send, pulse)
    except SystemExit as ended:
        os._exit(ended.code if isinstance(ended.code, int) else 1)  # at once: threads at work, or a lost GPU, would hold it up
    except Exception as error:
        # the last chance to report it; the traceback goes to standard error as well
        send(JobFailed("learner", f"The learner cannot go on: {type(error).__name__}: {error}"))
        raise


def _run(inbox: SimpleQueue[Request], send: Callable[[Event], None], pulse: Pulse) -> None:
    from unetstudio.networks.device import choose_device
    from unetstudio.networks.precision_choice import choose_precision
    from unetstudio.training.rehearsal import rehearse
    from unetstudio.worker.runner import Runner  # imports torch, which takes seconds; heartbeats are already sent

    runner = Runner(send)
    runner.announce()
    choose_precision(choose_device())  # tries number formats once, before anybody waits for a first mask
    rehearse()
    while True:
        while not inbox.empty() or not runner.busy:
            pulse.waiting = True
            request = inbox.get()
            pulse.waiting = False
            pulse.turns += 1
            if isinstance(request, Quit):
                runner.close()
                return
            runner.handle(request)
        pulse.turns += 1
        runner.advance()


def _isolate() -> None:
    """Leave Ctrl+C to the window, which then ends this process in order, let painting come first on a busy machine, and keep images out of
    core dumps."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    disable_core_dumps()
    if sys.platform != "win32":
        os.nice(10)


def _waits_for_disk() -> bool:
    """Return whether a thread of this process waits for a disk or a network drive, which is not a hang; known on Linux only."""
    for status in Path("/proc/self/task").glob("*/stat"):
        try:
            if status.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0] == "D":
                return True
        except OSError:
            continue  # the thread has just ended
    return False
