"""How long a training lasts and has lasted, and the learning rate on the way."""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass
from typing import Any

WARM_UP = 20
"""Steps over which the learning rate rises to its full value ..."""

QUICK_WARM_UP = 8
"""... and where a 2D network learns from strokes: masks after 15 steps gain 0.08 Dice, later ones nothing."""

FLOOR = 0.02
"""Share of the learning rate left at the end of a budget."""


class Stopwatch:
    """Counts the seconds within `with` blocks."""

    def __init__(self) -> None:
        self._before, self._since = 0.0, 0.0  # seconds of earlier blocks, and when the present one began

    def __enter__(self) -> None:
        self._since = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._before, self._since = self.seconds, 0.0

    @property
    def seconds(self) -> float:
        """Seconds so far."""
        return self._before + (time.perf_counter() - self._since if self._since else 0.0)

    def set(self, seconds: float) -> None:
        """Go on from so many seconds, counted from now when a block is under way."""
        self._before = seconds
        if self._since:
            self._since = time.perf_counter()


@dataclass(frozen=True)
class Budget:
    """`seconds` or `steps` of training beyond `from_seconds` and `from_step`; zeros mean no limit."""

    seconds: float = 0.0
    steps: int = 0
    from_seconds: float = 0.0
    from_step: int = 0

    @property
    def open(self) -> bool:
        """Whether training goes on until somebody stops it."""
        return not self.seconds and not self.steps

    def used(self, step: int, seconds: float) -> float:
        """Return the share of the budget used after `step` steps and `seconds`, 0 to 1 and beyond; 0 for ever when open."""
        by_time = (seconds - self.from_seconds) / self.seconds if self.seconds else 0.0
        by_step = (step - self.from_step) / self.steps if self.steps else 0.0
        return max(by_time, by_step, 0.0)

    def left(self, step: int, seconds: float) -> float | None:
        """Return the seconds until it is used up, of steps by their pace so far; None when open, or before the first step."""
        used = self.used(step, seconds)
        if self.open or not used:
            return None
        return max(0.0, (seconds - self.from_seconds) * (1 / used - 1))

    def rate(self, step: int, seconds: float, warm_up: int = WARM_UP) -> float:
        """Return the factor of the learning rate: constant after warming up when open, else falling as half a cosine over the budget."""
        warm = min(1.0, (step - self.from_step + 1) / warm_up)
        if self.open:
            return warm
        left = (1 + math.cos(math.pi * min(1.0, self.used(step, seconds)))) / 2
        return warm * (FLOOR + (1 - FLOOR) * left)

    def resumed(self, kept: Budget | None, step: int, seconds: float) -> Budget:
        """Return the budget of a training resumed at `step`: the rest of `kept` if that is the same and unfinished, else all of this."""
        same = kept is not None and (kept.seconds, kept.steps) == (self.seconds, self.steps)
        if kept is not None and same and kept.used(step, seconds) < 1:
            return kept
        return Budget(self.seconds, self.steps, seconds, step)

    def to_json(self) -> dict[str, Any]:
        """Return plain values for the state from which training resumes."""
        return asdict(self)
