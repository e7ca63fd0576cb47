"""The warping error (Jain et al. 2010): pixels at which a prediction splits or merges regions, regardless of small shifts of borders."""

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
"""The eight neighbours in circular order; those at odd positions share an edge with the pixel."""


def _components(ring: Sequence[bool], *, edges: bool) -> int:
    """Count the connected components of the set neighbours that touch the pixel, across edges only or also across corners."""
    if all(ring):
        return 1
    start = next(i for i in range(8) if not ring[i])
    runs: list[list[int]] = []
    last = False
    for step in range(1, 9):
        position = (start + step) % 8
        joined = last
        if ring[position]:
            if not joined:
                runs.append([])
            runs[-1].append(position)
        last = ring[position]
    if edges:
        return sum(any(position % 2 for position in run) for run in runs)
    # across corners, two edge neighbours beside an unset corner touch each other
    count = len(runs)
    for corner in range(0, 8, 2):
        if not ring[corner] and ring[corner - 1] and ring[(corner + 1) % 8]:
            count -= 1
    return max(count, 1) if any(ring) else 0


def _tables() -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Tabulate the foreground (4-connected) and background (8-connected) components around a pixel, indexed by its neighbours as bits."""
    inside, outside = np.zeros(256, np.int8), np.zeros(256, np.int8)
    for code in range(256):
        ring = [bool(code >> i & 1) for i in range(8)]
        inside[code] = _components(ring, edges=True)
        outside[code] = _components([not bit for bit in ring], edges=False)
    return inside, outside


_INSIDE, _OUTSIDE = _tables()


def warped(true: Mask, goal: Mask, allowed: Mask) -> Mask:
    """Warp the true foreground (Y, X) towards `goal` without changing its topology: flip only simple points within `allowed`."""
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
        for dy, dx in _RING:  # neighbours may be simple points now
            if differs[y + dy, x + dx] and not queued[y + dy, x + dx]:
                queued[y + dy, x + dx] = True
                waiting.append((y + dy, x + dx))
    return shape[1:-1, 1:-1]


def splits_and_mergers(truth: Mask, goal: Mask) -> int:
    """Count the pixels at which the warped truth and `goal` differ and a flip would split a region or merge two."""
    shape = np.pad(truth, 1)
    differing = np.argwhere(np.pad(truth != goal, 1))
    return sum(int(_INSIDE[_code(shape, y, x)] > 1) for y, x in differing)


@dataclass(frozen=True)
class WarpingError:
    """The share of pixels that split or merge regions after warping the true borders to the predicted ones within `reach` pixels.

    Counted as in the ISBI 2012 challenge: other differences that warping cannot explain (whole objects, holes) are ignored.
    """

    title: str = "Warping error (splits and mergers)"
    unit: str = ""
    reach: int = 10
    by_class: ClassVar[bool] = True

    def measure(self, pair: Pair) -> tuple[int, int]:
        """Count wrong pixels and all pixels."""
        return sum(self._slice(pair, z) for z in range(pair.truth.shape[0])), pair.truth.size

    def combine(self, parts: Sequence[tuple[int, int]]) -> Score:
        """Compute the share over the pixels of all cases."""
        wrong, total = (sum(part[i] for part in parts) for i in (0, 1))
        return Score({}, wrong / total if total else None, wrong / total if total else None)

    def _slice(self, pair: Pair, z: int) -> int:
        from scipy.ndimage import distance_transform_edt

        labelled = pair.truth[z] != UNLABELLED
        true = (pair.truth[z] != pair.border) & labelled
        share = None if pair.border_share is None else pair.border_share[z]
        goal = ((pair.predicted[z] != pair.border) if share is None else share < 0.5) & labelled
        near = distance_transform_edt(~_borders(true)) <= self.reach
        return splits_and_mergers(warped(true, goal, near), goal)


def _borders(mask: Mask) -> Mask:
    """Return the pixels with an edge neighbour of the other value."""
    borders = np.zeros_like(mask)
    for axis in range(2):
        change = np.diff(mask, axis=axis)
        a, b = np.moveaxis(borders, axis, 0), np.moveaxis(change, axis, 0)
        a[1:] |= b
        a[:-1] |= b
    return borders


def _code(shape: Mask, y: int, x: int) -> int:
    return sum(int(shape[y + dy, x + dx]) << i for i, (dy, dx) in enumerate(_RING))


METRICS.register("warping_error")(WarpingError())
