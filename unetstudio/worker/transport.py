"""The connection to a worker, wherever it runs."""

from __future__ import annotations

from typing import Protocol

from unetstudio.worker.messages import Event, Request


class WorkerTransport(Protocol):
    """Carries requests to one worker and events back, until one of the two ends."""

    @property
    def pid(self) -> int:
        """Process number of the worker, 0 where it has none on this computer."""

    def send(self, request: Request) -> None:
        """Queue a request; never blocks."""

    def receive(self, seconds: float) -> list[Event] | None:
        """Return the events that arrive within `seconds`; None when the worker is gone, hangs, or sends damaged messages."""

    def cause(self) -> str:
        """Return why it ended, as the end of a sentence that begins with "The learner"."""

    def close(self, seconds: float) -> str:
        """Ask the worker to quit, and end it after about `seconds`; return the trace of a crash, or ""."""
