"""The stack of open jobs: only the topmost advances, and any can be closed between two of its steps."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

from unetstudio.errors import UserError
from unetstudio.worker.failure import failure
from unetstudio.worker.messages import Event, TaskEnded, TaskEvent

GUESS = "guess"
"""Name of the job that answers a stroke at once: no other job keeps it waiting."""

BACKGROUND = ("case", "folder", "averaging")
"""Names of jobs whose tiles are not shown as they come."""

Steps = Generator[Event | None, None, None] | Generator[TaskEvent | None, None, None]


@dataclass(eq=False)
class Job:
    """Work in steps, of a task of the window or of the worker itself.

    `name` is what `JobFailed` calls it; `case` is the id of the case that it is about, or "".
    """

    name: str
    steps: Steps
    case: str = ""
    task: int = 0  # 0: not a task's
    own: float = 0.0  # seconds that its own steps took
    others: float = 0.0  # seconds that other jobs' steps took while it was the topmost


class JobStack:
    """The stack of jobs, which sends their ends; a job that fails while it is closed is removed all the same."""

    def __init__(self, send: Callable[[Event], None]) -> None:
        self._send = send
        self._jobs: list[Job] = []

    def __len__(self) -> int:
        return len(self._jobs)

    def turn(self, share: float) -> Job | None:
        """Return the job to advance: a guess, or the topmost, except that a background job takes only a `share` of training's time.

        A view comes to its first step before the next guess, so that strokes in quick succession do not keep it from the screen.
        """
        top = self._top
        guess = next((job for job in self._jobs if job.name == GUESS), None)
        if guess is not None and not (top is not None and top.name == "view" and top.own == 0):
            return guess
        training = next((job for job in self._jobs if job.name == "training"), None)
        if top is not None and top.name in BACKGROUND and training is not None and top.own > share * (top.own + top.others):
            return training
        return top

    def spent(self, job: Job, seconds: float) -> None:
        """Record how long a step of a job took."""
        job.own += seconds
        if self._top is not None and self._top is not job:
            self._top.others += seconds

    def has(self, name: str) -> bool:
        """Return whether a job of this name is on the stack."""
        return any(job.name == name for job in self._jobs)

    def push(self, job: Job) -> None:
        """Put a job on top."""
        self._jobs.append(job)

    def put_under(self, job: Job) -> None:
        """Put a job at the bottom."""
        self._jobs.insert(0, job)

    def close(self, *names: str, error: UserError | None = None) -> bool:
        """End all jobs of the given names, the topmost first, and return whether there were any; `error` is the reason for their tasks."""
        jobs = [job for job in reversed(self._jobs) if job.name in names]
        for job in jobs:
            self.remove(job, error if job.task else None)
        return bool(jobs)

    def stop(self, task: int) -> None:
        """End the job of a task, if there is one."""
        for job in [job for job in self._jobs if job.task == task]:
            self.remove(job)

    def close_all(self) -> None:
        """End every job, the topmost first."""
        while self._jobs:
            self.remove(self._jobs[-1])

    def remove(self, job: Job, error: Exception | None = None) -> None:
        """Close one job and send its end, with `error` if it failed. A training job saves its state."""
        if job not in self._jobs:
            return
        self._jobs.remove(job)
        try:
            job.steps.close()
        except Exception as last:  # noqa: BLE001 - an error while closing one job must not keep the next from starting
            error = last
        failed = None if error is None else failure(job.name, error, job.case)
        if job.task:
            self._send(TaskEnded(job.task) if failed is None else TaskEnded(job.task, failed.text, failed.detail))
        elif failed is not None:
            self._send(failed)

    @property
    def _top(self) -> Job | None:
        return self._jobs[-1] if self._jobs else None
