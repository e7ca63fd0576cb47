"""The verdict on whether a worker hangs, from its heartbeats; the computer may have been asleep meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

from unetstudio.worker.messages import Heartbeat

NAP = 1.5
"""Most seconds that count between two verdicts or heartbeats: a longer gap means that the computer, or both processes, slept."""

WORKING = 0.02
"""Share of a processor above which a worker counts as computing."""

BUSY = 0.1
"""Share of a processor above which a silent worker counts as computing: its other threads are then only kept from sending."""


@dataclass(frozen=True)
class WatchLimits:
    """Seconds after which a worker counts as hanging."""

    silence: float = 8.0  # without a heartbeat and without computing
    start: float = 120.0  # the same during start-up: loading torch from a slow disk holds up all threads
    stuck: float = 7.0  # with heartbeats, but the jobs neither advance, nor compute, nor wait for the disk
    slow: float = 180.0  # computing, with heartbeats or without, but not advancing: a step on an old laptop takes long


class Watch:
    """The state of a worker: takes every heartbeat through `hear`, and gives a `verdict` at any time; `started` is set once the worker is
    ready."""

    def __init__(self, limits: WatchLimits, now: float) -> None:
        self.memory = 0  # bytes in use at the last heartbeat
        self.started = False
        self._limits = limits
        self._last: Heartbeat | None = None
        self._judged = self._heard = now
        self._silent = self._stuck = self._slow = 0.0
        self._used = 0.0  # processor seconds of the process when the silence began

    def hear(self, beat: Heartbeat, now: float) -> None:
        """Take one heartbeat."""
        passed, self._heard, self._silent = min(now - self._heard, NAP), now, 0.0
        last, self._last, self.memory = self._last, beat, beat.memory
        if last is None or beat.waiting or beat.turns != last.turns:
            self._stuck = self._slow = 0.0
            return
        self._slow += passed
        computing = beat.disk or beat.work - last.work >= WORKING * passed
        self._stuck = 0.0 if computing else self._stuck + passed

    def verdict(self, now: float, used: float = 0.0) -> str:
        """Return what is wrong, as the end of a sentence that begins with "The learner"; "" while all is well.

        `used` is the processor time of its process in seconds, as the system counts it.
        """
        if not self._silent:
            self._used = used
        self._silent += min(now - self._judged, NAP)
        self._judged = now
        silence = self._limits.silence if self.started else self._limits.start
        if used - self._used >= BUSY * self._silent:
            silence = self._limits.slow
        if self._silent > silence:
            return f"did not answer for {silence:.0f} seconds"
        if self._stuck > self._limits.stuck:
            return f"stood still in the middle of its work and did not answer for {self._limits.stuck:.0f} seconds"
        if self._slow > self._limits.slow:
            return f"did not get on with its work and did not answer for {self._limits.slow:.0f} seconds"
        return ""
