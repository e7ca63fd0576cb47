"""The jobs in hand, one on top of the other: only the topmost goes on, and any can be closed between two of its steps."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Generator
from dataclasses import dataclass

from unetstudio.errors import UserError
from unetstudio.networks.device import is_device_lost, is_out_of_memory
from unetstudio.worker.cause import DEVICE_LOST
from unetstudio.worker.messages import Answer, Event, JobFailed, TaskEnded, TaskEvent

BACKGROUND = ("case", "folder", "averaging")
"""Jobs that nobody watches tile by tile."""

Job = Generator[Event | None, None, None] | Generator[TaskEvent | None, None, None]


@dataclass(eq=False)
class Running:
    """A job: of a task of the window, or of the worker itself, where `name` is what `JobFailed` calls it; `case` is the id of the case that
    it is about, or ""."""

    name: str
    steps: Job
    case: str = ""
    task: int = 0  # 0: none
    own: float = 0.0  # seconds that it took ...
    others: float = 0.0  # ... and that others took while it was the topmost


class Stack:
    """Holds jobs; one that cannot end in order is told of through `send`, and is gone all the same."""

    def __init__(self, send: Callable[[Event], None]) -> None:
        self._send = send
        self._jobs: list[Running] = []

    def __len__(self) -> int:
        return len(self._jobs)

    @property
    def top(self) -> Running | None:
        """The job whose turn it is."""
        return self._jobs[-1] if self._jobs else None

    def turn(self, share: float) -> Running | None:
        """The job to go on: the topmost, but that a whole case in the background, or a folder, takes only a `share` of training's time."""
        top = self.top
        training = next((job for job in self._jobs if job.name == "training"), None)
        if top is not None and top.name in BACKGROUND and training is not None and top.own > share * (top.own + top.others):
            return training
        return top

    def spent(self, job: Running, seconds: float) -> None:
        """Notes how long a step of a job took."""
        job.own += seconds
        if self.top is not None and self.top is not job:
            self.top.others += seconds

    def has(self, name: str) -> bool:
        """Whether a job of this name is in hand."""
        return any(job.name == name for job in self._jobs)

    def push(self, job: Running) -> None:
        """Before all others."""
        self._jobs.append(job)

    def put_under(self, job: Running) -> None:
        """After all others."""
        self._jobs.insert(0, job)

    def close(self, *names: str, error: UserError | None = None) -> bool:
        """End the jobs of some names, the topmost first, and return whether there were any; `error` tells their tasks why."""
        chosen = [job for job in reversed(self._jobs) if job.name in names]
        for job in chosen:
            self.remove(job, error if job.task else None)
        return bool(chosen)

    def close_all(self) -> None:
        """Ends every job, the topmost first."""
        while self._jobs:
            self.remove(self._jobs[-1])

    def stop(self, task: int) -> None:
        """Ends the job of a task, if it is in hand."""
        for job in [job for job in self._jobs if job.task == task]:
            self.remove(job)

    def report(self, job: Running, event: Event | TaskEvent | None) -> None:
        """Sends what a job yielded, to the task that asked for it."""
        if job.task and isinstance(event, TaskEvent):
            self._send(Answer(job.task, event))
        elif event is not None and isinstance(event, Event):
            self._send(event)

    def remove(self, job: Running, error: Exception | None = None) -> None:
        """Ends one job, or takes away one that ended, with `error` or in order."""
        if job not in self._jobs:
            return
        self._jobs.remove(job)
        try:
            job.steps.close()
        except Exception as last:  # noqa: BLE001 - what a job says on its way out must not keep the next from beginning
            error = last
        failed = None if error is None else failure(job.name, error, job.case)
        if job.task:
            self._send(TaskEnded(job.task) if failed is None else TaskEnded(job.task, failed.text, failed.detail))
        elif failed is not None:
            self._send(failed)


def failure(job: str, error: Exception, case: str = "") -> JobFailed:
    """An error in words; of a bug also the traceback."""
    if isinstance(error, UserError):
        return JobFailed(job, str(error), case=case)
    if is_out_of_memory(error):
        return JobFailed(job, "Memory did not suffice for this. Close other programs, or choose a smaller network.", case=case)
    if is_device_lost(error):
        return JobFailed(job, f"The GPU failed ({str(error).splitlines()[0][:160]}); the learner begins anew with it.", case=case)
    text = f"Something went wrong in the learner ({type(error).__name__}); your work is safe, and painting goes on."
    return JobFailed(job, text, "".join(traceback.format_exception(error)), case)


def end_if_lost(error: Exception) -> None:
    """Ends the process when its GPU is of no more use in it; whoever watches over it starts another."""
    if is_device_lost(error):
        sys.exit(DEVICE_LOST)
