"""The strokes painted by hand of each class, and how many of them are held out of training to score it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from unetstudio.data.edit import Bytes, Edit
from unetstudio.data.labels import UNLABELLED
from unetstudio.data.origin import HELD_OUT, SOURCE, Origin

EVERY = 6
"""Number of strokes of a class of which one is held out."""

FIRST = 3
"""The first stroke of a class that is held out."""


class StrokeTally:
    """A count of the strokes that stand: those done and not undone. Held-out strokes that were erased or painted over do not count."""

    def __init__(self, edits: Iterable[object] = ()) -> None:
        """Count what is a painted stroke among the changes of a case."""
        self._strokes: dict[int, int] = defaultdict(int)
        self._held_out: dict[int, int] = defaultdict(int)
        self._voxels: dict[int, int] = defaultdict(int)  # held out, by class value
        for edit in edits:
            if isinstance(edit, Edit):
                self.add(edit)

    def add(self, edit: Edit) -> None:
        """Count a change that was done, or done again."""
        self._count(edit, +1)

    def remove(self, edit: Edit) -> None:
        """Count a change that was undone."""
        self._count(edit, -1)

    def strokes(self, value: int) -> int:
        """Return the number of strokes of a class, held-out ones included."""
        return self._strokes[value]

    def held_out(self, value: int) -> int:
        """Return the number of held-out strokes of a class; none where no voxel of them is left."""
        return self._held_out[value] if self._voxels[value] > 0 else 0

    def _count(self, edit: Edit, step: int) -> None:
        after = _held_out(edit.after, edit.after_origin)
        for voxels, sign in ((after, step), (_held_out(edit.before, edit.before_origin), -step)):
            for value, n in voxels.items():
                self._voxels[value] += sign * n
        if edit.value != UNLABELLED and ((edit.after_origin[:1] & SOURCE) == Origin.PAINTED).all():
            self._strokes[edit.value] += step
            self._held_out[edit.value] += step * (edit.value in after)


def next_is_held_out(tallies: Iterable[StrokeTally], value: int) -> bool:
    """Whether the next stroke of a class is held out: the third, the ninth and so on, or the next after a held-out one is gone."""
    strokes = held_out = 0
    for tally in tallies:
        strokes += tally.strokes(value)
        held_out += tally.held_out(value)
    return strokes - held_out >= FIRST - 1 and held_out < due(strokes + 1)


def due(strokes: int) -> int:
    """Return how many of so many strokes of a class are to be held out: one of three, and one more for every further six."""
    return (strokes + EVERY - FIRST) // EVERY


def _held_out(values: Bytes, origin: Bytes) -> dict[int, int]:
    """Count the held-out voxels by class value."""
    if origin.size and origin.strides == (0,) and not origin[0] & HELD_OUT:
        return {}  # one byte for all voxels
    marked = (origin & HELD_OUT) != 0
    if not marked.any():
        return {}
    classes, counts = np.unique(values[marked], return_counts=True)
    return dict(zip(classes.tolist(), counts.tolist(), strict=True))
