"""How long a training lasts, and the learning rate on the way."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

WARM_UP = 20
"""Steps over which the learning rate rises to its full value ..."""

QUICK_WARM_UP = 8
"""... and where a 2D network learns from strokes: masks after 15 steps gain 0.08 Dice, later ones nothing."""

FLOOR = 0.02
"""Share of the learning rate left at the end of a budget."""


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
        """Share of the budget used after `step` steps and `seconds`, 0 to 1 and beyond; 0 for ever when open."""
        by_time = (seconds - self.from_seconds) / self.seconds if self.seconds else 0.0
        by_step = (step - self.from_step) / self.steps if self.steps else 0.0
        return max(by_time, by_step, 0.0)

    def left(self, step: int, seconds: float) -> float | None:
        """Seconds until it is used up, of steps by their pace so far; None when open, or before the first step."""
        used = self.used(step, seconds)
        if self.open or not used:
            return None
        return max(0.0, (seconds - self.from_seconds) * (1 / used - 1))

    def rate(self, step: int, seconds: float, warm_up: int = WARM_UP) -> float:
        """Factor of the learning rate: constant after warming up when open, falling as half a cosine (one cycle) over a budget."""
        warm = min(1.0, (step - self.from_step + 1) / warm_up)
        if self.open:
            return warm
        left = (1 + math.cos(math.pi * min(1.0, self.used(step, seconds)))) / 2
        return warm * (FLOOR + (1 - FLOOR) * left)

    def resumed(self, kept: Budget | None, step: int, seconds: float) -> Budget:
        """This budget for a training that stood at `step`: the rest of `kept` when that is the same and unfinished, else all of it anew."""
        same = kept is not None and (kept.seconds, kept.steps) == (self.seconds, self.steps)
        if kept is not None and same and kept.used(step, seconds) < 1:
            return kept
        return Budget(self.seconds, self.steps, seconds, step)

    def to_json(self) -> dict[str, Any]:
        """As plain values for the state from which training resumes."""
        return asdict(self)
