"""The supervisor of the worker: carries requests and events, notices death or silence, and starts it again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QThread, Signal

from unetstudio.worker.file_messages import AverageCases, PredictFolder
from unetstudio.worker.messages import (
    Answer,
    CloseStudy,
    Event,
    Heartbeat,
    OpenStudy,
    Request,
    StopTask,
    TaskEnded,
    TaskEvent,
    TaskRequest,
    WorkerDied,
)
from unetstudio.worker.process import WorkerProcess
from unetstudio.worker.transport import WorkerTransport
from unetstudio.workspace.user_folders import home

QUIT = 3.0
"""Seconds that a worker has to end: a fit or a step in progress, and the checkpoint after it, take one or two."""

RESTARTS, WITHIN = 5, 600.0
"""Number of deaths, and the seconds within which they happened, after which the worker is not restarted: whatever kills it would do so
again."""

NOT_UP = "The learner is not up; try again in a moment."


@dataclass(frozen=True)
class Listener:
    """The callbacks of a task."""

    on_event: Callable[[TaskEvent], None]
    on_ended: Callable[[TaskEnded], None]


def start_worker() -> WorkerTransport:
    """Start a worker process whose crashes leave their trace in the user's own folder."""
    return WorkerProcess(logs=home() / "log")


class WorkerThread(QThread):
    """The link to the worker; it lives as long as the window. `start` starts a worker; OSError when the system refuses.

    Requests of tasks go through `begin`, and their answers to its callbacks; all other events arrive through `event_received`. Both on the
    GUI thread.
    """

    event_received = Signal(object)  # Event

    def __init__(self, parent: QObject | None = None, start: Callable[[], WorkerTransport] = start_worker) -> None:
        super().__init__(parent)
        self._start = start
        self._worker: WorkerTransport | None = None
        self._studying: WorkerTransport | None = None  # the worker that was given the open project
        self._ending = False
        self._listeners: dict[int, Listener] = {}  # by the id of their task
        self.event_received.connect(self._deliver)

    @property
    def pid(self) -> int:
        """Process number of the worker, 0 while there is none."""
        return self._worker.pid if self._worker is not None else 0

    def ask(self, request: Request) -> None:
        """Send a request. Without a worker it is dropped, and a task is told of its end: the session sends its requests again to the
        next worker. A task that needs the open project also ends when the worker was not given it yet."""
        worker = self._worker  # a local reference: the thread may clear it at any moment
        match request:
            case OpenStudy():
                self._studying = worker
            case CloseStudy():
                self._studying = None
        ready = self._studying is worker if isinstance(request, PredictFolder | AverageCases) else True
        if worker is not None and ready:
            worker.send(request)
        elif isinstance(request, TaskRequest):
            self._deliver(TaskEnded(request.task, NOT_UP))

    def begin(self, request: TaskRequest, on_event: Callable[[TaskEvent], None], on_ended: Callable[[TaskEnded], None]) -> None:
        """Send the request of a task; `on_event` gets its answers and `on_ended` its end, once, also when the worker dies before it."""
        self._listeners[request.task] = Listener(on_event, on_ended)
        self.ask(request)

    def stop(self, task: int) -> None:
        """Stop the job of a task that was begun here; its callbacks are not called any more."""
        if self._listeners.pop(task, None) is not None:
            self.ask(StopTask(task))

    def _deliver(self, event: Event) -> None:
        """Pass an event to its task."""
        match event:
            case Answer() if (listener := self._listeners.get(event.task)) is not None:
                listener.on_event(event.event)
            case TaskEnded() if (listener := self._listeners.pop(event.task, None)) is not None:
                listener.on_ended(event)
            case WorkerDied():
                for task in tuple(self._listeners):
                    self.ask(StopTask(task))  # if it was sent to the next worker already, it would run there for nobody
                    self._deliver(TaskEnded(task, event.reason))

    def leave(self) -> None:
        """Begin to end the worker and this thread, which takes about 4 s at most."""
        self._ending = True

    def finish(self) -> None:
        """End the worker and this thread, and wait for it."""
        self.leave()
        self.wait(4500)

    def run(self) -> None:
        """Run one worker after another; the thread's own function."""
        deaths: list[float] = []
        again = True
        while again and not self._ending:
            try:
                self._worker = worker = self._start()
            except OSError as error:  # out of processes, memory or file descriptors
                why = f"The learner cannot be started ({error.strerror}). Close other programs, then open this one again."
                self.event_received.emit(WorkerDied(why, restarting=False))
                return
            self._carry(worker)
            if self._ending:
                worker.close(QUIT)
                return
            self._worker = None
            cause = worker.cause()
            trace = worker.close(0.1)
            deaths.append(time.monotonic())
            again = sum(deaths[-1] - death < WITHIN for death in deaths) < RESTARTS
            then = " It is being started again." if again else f" It ended {RESTARTS} times now; open the window again to go on learning."
            self.event_received.emit(WorkerDied(f"The learner {cause}.{then}", again, trace))

    def _carry(self, worker: WorkerTransport) -> None:
        """Emit a worker's events until it is gone or the thread ends."""
        while not self._ending:
            events = worker.receive(0.2)
            if events is None:
                return
            for event in events:
                if not isinstance(event, Heartbeat):
                    self.event_received.emit(event)
