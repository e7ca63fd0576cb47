"""How well objects were found one by one: SEG and DET of the Cell Tracking Challenge, average precision, panoptic quality."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from unetstudio.measure.metric import METRICS, Pair, Score

SPLIT, MISSED, EXTRA = 5, 10, 1
"""Weights of the acyclic oriented graph matching for detection (AOGM-D; Matula et al. 2015)."""

STRICTEST = tuple(0.5 + 0.05 * n for n in range(10))
"""IoU thresholds of the Data Science Bowl 2018: 0.5, 0.55 ... 0.95."""


@dataclass(frozen=True, eq=False)
class Overlaps:
    """Of the objects of one or more cases. `shared` (N, 3): true object, predicted object and common voxels of each pair that touches;
    `true` and `found` hold the objects' sizes, by number."""

    shared: NDArray[np.int64]
    true: NDArray[np.int64]
    found: NDArray[np.int64]

    @classmethod
    def of(cls, found: NDArray[np.int32], true: NDArray[np.int32]) -> Overlaps:
        """From two maps of objects, 0 the ground."""
        sizes, mine = np.bincount(true.reshape(-1)), np.bincount(found.reshape(-1))
        width = len(mine)
        both = np.bincount(true.reshape(-1).astype(np.int64) * width + found.reshape(-1), minlength=0)
        where = np.flatnonzero(both)
        pairs = np.stack([where // width, where % width, both[where]], axis=1)
        keep = (pairs[:, 0] > 0) & (pairs[:, 1] > 0)
        return cls(_renumbered(pairs[keep], sizes, mine), sizes[1:][sizes[1:] > 0], mine[1:][mine[1:] > 0])

    @property
    def iou(self) -> NDArray[np.float64]:
        """(N,) of each pair."""
        t, f, common = self.shared.T
        ratio: NDArray[np.float64] = common / (self.true[t] + self.found[f] - common)
        return ratio


def _renumbered(pairs: NDArray[np.int64], true: NDArray[np.int64], found: NDArray[np.int64]) -> NDArray[np.int64]:
    """Object numbers as places among those that exist."""
    places = [np.cumsum(sizes > 0) - (sizes[0] > 0) - 1 for sizes in (true, found)]
    return np.stack([places[0][pairs[:, 0]], places[1][pairs[:, 1]], pairs[:, 2]], axis=1)


@dataclass(frozen=True)
class Instances:
    """A metric over the objects of all cases together: each object counts once."""

    title: str
    score: Callable[[Sequence[Overlaps]], float | None]
    unit: str = ""
    by_class: ClassVar[bool] = False

    def of(self, pair: Pair) -> Overlaps:
        """Which objects lie on which."""
        return Overlaps.of(*pair.objects)

    def over(self, parts: Sequence[Overlaps]) -> Score:
        """One number; None where there is no object at all."""
        found = self.score(parts)
        return Score({}, found, found)


def seg(parts: Sequence[Overlaps]) -> float | None:
    """Mean over true objects of the IoU with the one object that covers more than half of it, 0 where none does (Ulman et al. 2017)."""
    total, count = 0.0, 0
    for part in parts:
        covered = 2 * part.shared[:, 2] > part.true[part.shared[:, 0]]
        total += float(part.iou[covered].sum())
        count += len(part.true)
    return total / count if count else None


def det(parts: Sequence[Overlaps]) -> float | None:
    """1 - min(AOGM-D, AOGM-D0) / AOGM-D0: splits cost 5, missed objects 10, extra ones 1; D0 is the cost of making all by hand."""
    cost = count = 0
    for part in parts:
        covered = part.shared[2 * part.shared[:, 2] > part.true[part.shared[:, 0]]]
        matched = np.bincount(covered[:, 1], minlength=len(part.found))  # true objects by predicted object
        cost += SPLIT * int(np.maximum(matched - 1, 0).sum())
        cost += MISSED * (len(part.true) - len(covered)) + EXTRA * int((matched == 0).sum())
        count += len(part.true)
    return 1 - min(cost, MISSED * count) / (MISSED * count) if count else None


def average_precision(threshold: float, parts: Sequence[Overlaps]) -> float | None:
    """Found / (found + missed + extra), an object counting as found at an IoU above `threshold`, at least 0.5 (DSB 2018)."""
    hits = sum(int((part.iou > threshold).sum()) for part in parts)
    objects = sum(len(part.true) + len(part.found) for part in parts)
    return hits / (objects - hits) if objects else None


def mean_precision(parts: Sequence[Overlaps]) -> float | None:
    """Average precision, mean over IoU thresholds from 0.5 to 0.95."""
    found = [average_precision(threshold, parts) for threshold in STRICTEST]
    return None if found[0] is None else float(np.mean([f for f in found if f is not None]))


def panoptic(parts: Sequence[Overlaps]) -> float | None:
    """Summed IoU of the objects found at IoU above 0.5 / (found + half of missed and extra) (Kirillov et al. 2019)."""
    good = sum(float(part.iou[part.iou > 0.5].sum()) for part in parts)
    objects = sum(len(part.true) + len(part.found) for part in parts)
    return 2 * good / objects if objects else None


METRICS.register("seg")(Instances("SEG", seg))
METRICS.register("det")(Instances("DET", det))
METRICS.register("ap50")(Instances("Average precision, IoU 0.5", partial(average_precision, 0.5)))
METRICS.register("ap75")(Instances("Average precision, IoU 0.75", partial(average_precision, 0.75)))
METRICS.register("map")(Instances("Average precision, mean of IoU 0.5 to 0.95", mean_precision))
METRICS.register("pq")(Instances("Panoptic quality", panoptic))
