"""The jobs in hand, one on top of the other: only the topmost goes on, and any can be closed between two of its steps."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

from unetstudio.errors import UserError
from unetstudio.worker.failure import failure
from unetstudio.worker.messages import Event, TaskEnded, TaskEvent

BACKGROUND = ("case", "folder", "averaging")
"""Jobs that nobody watches tile by tile."""

Steps = Generator[Event | None, None, None] | Generator[TaskEvent | None, None, None]


@dataclass(eq=False)
class Job:
    """Work in steps: of a task of the window, or of the worker itself, where `name` is what `JobFailed` calls it; `case` is the id of the
    case that it is about, or ""."""

    name: str
    steps: Steps
    case: str = ""
    task: int = 0  # 0: none
    own: float = 0.0  # seconds that it took ...
    others: float = 0.0  # ... and that others took while it was the topmost


class JobStack:
    """Holds jobs and sends how they end; one that cannot end in order is gone all the same."""

    def __init__(self, send: Callable[[Event], None]) -> None:
        self._send = send
        self._jobs: list[Job] = []

    def __len__(self) -> int:
        return len(self._jobs)

    def turn(self, share: float) -> Job | None:
        """Choose the job to go on: the topmost, except that a background job takes only a `share` of training's time."""
        top = self._top
        training = next((job for job in self._jobs if job.name == "training"), None)
        if top is not None and top.name in BACKGROUND and training is not None and top.own > share * (top.own + top.others):
            return training
        return top

    def spent(self, job: Job, seconds: float) -> None:
        """Note how long a step of a job took."""
        job.own += seconds
        if self._top is not None and self._top is not job:
            self._top.others += seconds

    def has(self, name: str) -> bool:
        """Whether a job of this name is in hand."""
        return any(job.name == name for job in self._jobs)

    def push(self, job: Job) -> None:
        """Add a job before all others."""
        self._jobs.append(job)

    def put_under(self, job: Job) -> None:
        """Add a job after all others."""
        self._jobs.insert(0, job)

    def close(self, *names: str, error: UserError | None = None) -> bool:
        """End the jobs of some names, the topmost first, and return whether there were any; `error` tells their tasks why."""
        chosen = [job for job in reversed(self._jobs) if job.name in names]
        for job in chosen:
            self.remove(job, error if job.task else None)
        return bool(chosen)

    def stop(self, task: int) -> None:
        """End the job of a task, if it is in hand."""
        for job in [job for job in self._jobs if job.task == task]:
            self.remove(job)

    def close_all(self) -> None:
        """End every job, the topmost first."""
        while self._jobs:
            self.remove(self._jobs[-1])

    def remove(self, job: Job, error: Exception | None = None) -> None:
        """Close one job and send its end: with `error`, or in order. A training saves its state."""
        if job not in self._jobs:
            return
        self._jobs.remove(job)
        try:
            job.steps.close()
        except Exception as last:  # noqa: BLE001 - an error of a job that is closed must not keep the next from beginning
            error = last
        failed = None if error is None else failure(job.name, error, job.case)
        if job.task:
            self._send(TaskEnded(job.task) if failed is None else TaskEnded(job.task, failed.text, failed.detail))
        elif failed is not None:
            self._send(failed)

    @property
    def _top(self) -> Job | None:
        return self._jobs[-1] if self._jobs else None
