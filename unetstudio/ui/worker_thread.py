"""The supervisor of the worker process: carries requests and events, notices death or silence, and starts it again."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QThread, Signal

from unetstudio.ui.preferences import home
from unetstudio.worker.messages import Heartbeat, Request, WorkerDied
from unetstudio.worker.process import WorkerProcess

RESTARTS, WITHIN = 5, 600.0
"""A worker that dies so often within so many seconds is not started again: what it does there kills it, and would again."""


def start_worker() -> WorkerProcess:
    """One whose crashes leave their trace in the user's own folder."""
    return WorkerProcess(logs=home() / "log")


class WorkerThread(QThread):
    """Lives as long as the window; `event` arrives on the GUI thread. `start` makes a process; OSError when the system refuses."""

    event = Signal(object)

    def __init__(self, parent: QObject | None = None, start: Callable[[], WorkerProcess] = start_worker) -> None:
        super().__init__(parent)
        self._start = start
        self._worker: WorkerProcess | None = None
        self._ending = False

    @property
    def pid(self) -> int:
        """Process number of the worker, 0 while there is none."""
        return self._worker.pid if self._worker is not None else 0

    def ask(self, request: Request) -> None:
        """Sends a request; what is asked while no worker is up is dropped, the session asks anew when it is ready."""
        worker = self._worker  # which may be taken away by the thread at any moment
        if worker is not None:
            worker.send(request)

    def leave(self) -> None:
        """Begins to end the worker and this thread, which takes about 2 s at most."""
        self._ending = True

    def finish(self) -> None:
        """Waits until they have ended."""
        self.leave()
        self.wait(2500)

    def run(self) -> None:
        """The thread's life: one process after another."""
        deaths: list[float] = []
        again = True
        while again and not self._ending:
            try:
                self._worker = worker = self._start()
            except OSError as error:  # no process, memory or descriptor to be had
                why = f"The learner cannot be started ({error.strerror}). Close other programs, then open this one again."
                self.event.emit(WorkerDied(why, restarting=False))
                return
            self._carry(worker)
            if self._ending:
                worker.end(1.0)
                return
            self._worker = None
            cause = worker.cause()
            trace = worker.end(0.1)
            deaths.append(time.monotonic())
            again = sum(deaths[-1] - death < WITHIN for death in deaths) < RESTARTS
            then = " It is being started again." if again else f" It ended {RESTARTS} times now; open the window again to go on learning."
            self.event.emit(WorkerDied(f"The learner {cause}.{then}", again, trace))

    def _carry(self, worker: WorkerProcess) -> None:
        """Until the process is gone or we end."""
        while not self._ending:
            events = worker.receive(0.2)
            if events is None:
                return
            for event in events:
                if not isinstance(event, Heartbeat):
                    self.event.emit(event)
