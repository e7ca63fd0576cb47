"""Strokes as the window sends them, and a runner that is driven until an event comes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from unetstudio.data.edit import Edit, constant
from unetstudio.data.labels import UNLABELLED
from unetstudio.data.origin import Origin
from unetstudio.data.region import Region
from unetstudio.settings import TrainingSettings
from unetstudio.worker.messages import Event, JobFailed
from unetstudio.worker.runner import Runner

SMALL = TrainingSettings(base=4, depth=2, patch=32, batch=2, round_seconds=0.3, device="cpu", threads=1)


def stroke(value: int, row: int, columns: slice, height: int = 1) -> Edit:
    """Return a painted line."""
    region = Region((0, row, columns.start), (1, row + height, columns.stop))
    count = region.size
    old, new = constant(UNLABELLED, count), constant(value, count)
    return Edit.of(
        region, np.ones(region.shape, np.bool_), old, new, constant(0, count), constant(Origin.PAINTED, count), tool="brush", value=value
    )


def advance(runner: Runner, events: list[Event], until: Callable[[Event], bool], most: int = 3000) -> Event:
    """Advance until such an event came."""
    for _ in range(most):
        for event in events:
            if isinstance(event, JobFailed):
                raise AssertionError(event)
            if until(event):
                return event
        runner.advance()
    raise AssertionError([type(event).__name__ for event in events])
