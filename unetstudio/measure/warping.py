"""Where the prediction cuts one region into two or joins two into one, however its borders wander: the warping error (Jain et al. 2010)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.labels import UNLABELLED
from unetstudio.measure.metric import METRICS, Pair, Score

Mask = NDArray[np.bool_]

_RING = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))
"""Neighbours in a circle; those at odd places share an edge with the pixel."""


def _pieces(ring: Sequence[bool], *, edges: bool) -> int:
    """Connected pieces of the set neighbours that touch the pixel: across edges only, or across corners too."""
    if all(ring):
        return 1
    start = next(i for i in range(8) if not ring[i])
    runs: list[list[int]] = []
    last = False
    for step in range(1, 9):
        place = (start + step) % 8
        joined = last
        if ring[place]:
            if not joined:
                runs.append([])
            runs[-1].append(place)
        last = ring[place]
    if edges:
        return sum(any(place % 2 for place in run) for run in runs)
    # across corners, two edge neighbours beside an unset corner touch one another
    pieces = len(runs)
    for place in range(0, 8, 2):
        if not ring[place] and ring[place - 1] and ring[(place + 1) % 8]:
            pieces -= 1
    return max(pieces, 1) if any(ring) else 0


def _tables() -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """By the eight neighbours as bits: foreground pieces (4-connected) and background pieces (8-connected) round a pixel."""
    inside, outside = np.zeros(256, np.int8), np.zeros(256, np.int8)
    for code in range(256):
        ring = [bool(code >> i & 1) for i in range(8)]
        inside[code] = _pieces(ring, edges=True)
        outside[code] = _pieces([not bit for bit in ring], edges=False)
    return inside, outside


_INSIDE, _OUTSIDE = _tables()


def warped(true: Mask, goal: Mask, allowed: Mask) -> Mask:
    """The true foreground (Y, X) bent towards `goal` where that keeps its topology: only simple points within `allowed` are flipped."""
    shape = np.pad(true, 1)
    differs = np.pad((true != goal) & allowed, 1)
    waiting = deque(zip(*(axis.tolist() for axis in np.nonzero(differs)), strict=True))
    queued = differs.copy()
    while waiting:
        y, x = waiting.popleft()
        queued[y, x] = False
        code = _code(shape, y, x)
        if not differs[y, x] or _INSIDE[code] != 1 or _OUTSIDE[code] != 1:
            continue
        shape[y, x] = not shape[y, x]
        differs[y, x] = False
        for dy, dx in _RING:  # what stood in the way may be simple now
            if differs[y + dy, x + dx] and not queued[y + dy, x + dx]:
                queued[y + dy, x + dx] = True
                waiting.append((y + dy, x + dx))
    return shape[1:-1, 1:-1]


def splits_and_mergers(bent: Mask, goal: Mask) -> int:
    """Pixels where the two still differ and flipping one would cut a region or join two."""
    shape = np.pad(bent, 1)
    places = np.argwhere(np.pad(bent != goal, 1))
    return sum(int(_INSIDE[_code(shape, y, x)] > 1) for y, x in places)


@dataclass(frozen=True)
class Warping:
    """Share of pixels that split or join regions once the true borders were bent to the predicted ones, within `reach` pixels.

    As the ISBI 2012 challenge counted it. Other differences that bending cannot explain (whole objects, holes) are not counted.
    """

    title: str = "Warping error (splits and mergers)"
    unit: str = ""
    reach: int = 10
    by_class: ClassVar[bool] = True

    def of(self, pair: Pair) -> tuple[int, int]:
        """Wrong pixels, and all."""
        return sum(self._slice(pair, z) for z in range(pair.truth.shape[0])), pair.truth.size

    def over(self, parts: Sequence[tuple[int, int]]) -> Score:
        """Over all pixels."""
        wrong, total = (sum(part[i] for part in parts) for i in (0, 1))
        return Score({}, wrong / total if total else None, wrong / total if total else None)

    def _slice(self, pair: Pair, z: int) -> int:
        from scipy.ndimage import distance_transform_edt

        known = pair.truth[z] != UNLABELLED
        true = (pair.truth[z] != pair.border) & known
        share = None if pair.border_share is None else pair.border_share[z]
        goal = ((pair.predicted[z] != pair.border) if share is None else share < 0.5) & known
        near = distance_transform_edt(~_borders(true)) <= self.reach
        return splits_and_mergers(warped(true, goal, near), goal)


def _borders(mask: Mask) -> Mask:
    """Pixels with a neighbour of the other kind."""
    found = np.zeros_like(mask)
    for axis in range(2):
        change = np.diff(mask, axis=axis)
        a, b = np.moveaxis(found, axis, 0), np.moveaxis(change, axis, 0)
        a[1:] |= b
        a[:-1] |= b
    return found


def _code(shape: Mask, y: int, x: int) -> int:
    return sum(int(shape[y + dy, x + dx]) << i for i, (dy, dx) in enumerate(_RING))


METRICS.register("warping_error")(Warping())
