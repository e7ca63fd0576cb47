"""The supervisor of the worker process: carries requests and events, notices death or silence, and starts it again."""

from __future__ import annotations

from PySide6.QtCore import QObject, QThread, Signal

from unetstudio.worker.messages import Heartbeat, Request, WorkerDied
from unetstudio.worker.process import WorkerProcess

RESTARTS = 5
"""How often in a row a worker that dies before it is ready is started again."""


class WorkerThread(QThread):
    """Lives as long as the window; `event` arrives on the GUI thread."""

    event = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker: WorkerProcess | None = None
        self._ending = False

    @property
    def pid(self) -> int:
        """Process number of the worker, 0 while there is none."""
        return self._worker.pid if self._worker is not None else 0

    def ask(self, request: Request) -> None:
        """Sends a request; what is asked while no worker is up is dropped, the session asks anew when it is ready."""
        if self._worker is not None:
            self._worker.send(request)

    def finish(self) -> None:
        """Ends the worker and this thread, within about 2 s."""
        self._ending = True
        self.wait(2500)

    def run(self) -> None:
        """The thread's life: one process after another."""
        failures = 0
        while not self._ending and failures < RESTARTS:
            self._worker = worker = WorkerProcess()
            lived = self._carry(worker)
            if self._ending:
                worker.end(1.0)
                return
            self._worker = None
            cause = worker.cause()
            worker.end(0.1)
            failures = 0 if lived else failures + 1
            again = failures < RESTARTS
            self.event.emit(WorkerDied(f"The learner {cause}." + (" It is being started again." if again else ""), again))

    def _carry(self, worker: WorkerProcess) -> bool:
        """Until the process is gone or we end; returns whether it ever said anything but heartbeats."""
        lived = False
        while not self._ending:
            events = worker.receive(0.2)
            if events is None:
                return lived
            for event in events:
                if not isinstance(event, Heartbeat):
                    lived = True
                    self.event.emit(event)
        return lived
