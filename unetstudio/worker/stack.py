"""The jobs in hand, one on top of the other: only the topmost goes on, and any can be closed between two of its steps."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Generator
from dataclasses import dataclass

from unetstudio.errors import UserError
from unetstudio.networks.device import is_device_lost, is_out_of_memory
from unetstudio.worker.cause import DEVICE_LOST
from unetstudio.worker.messages import Event, JobFailed

BACKGROUND = ("case", "folder", "averaging")
"""Jobs that nobody watches tile by tile."""

Job = Generator[Event | None, None, None]


@dataclass(eq=False)
class Running:
    """A job and what it is called in `JobFailed`; `case` is the id of the one it is about, or ""."""

    name: str
    steps: Job
    case: str = ""
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

    def close(self, *names: str) -> bool:
        """Ends the jobs of some names, the topmost first; whether there were any. A training saves its state."""
        chosen = [job for job in reversed(self._jobs) if job.name in names]
        for job in chosen:
            self.remove(job)
        return bool(chosen)

    def close_all(self) -> None:
        """Ends every job, the topmost first."""
        while self._jobs:
            self.remove(self._jobs[-1])

    def remove(self, job: Running) -> None:
        """Ends one job, or takes an ended one away."""
        if job in self._jobs:
            self._jobs.remove(job)
        try:
            job.steps.close()
        except Exception as error:  # noqa: BLE001 - what a job says on its way out must not keep the next from beginning
            self._send(failure(job.name, error, job.case))


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
