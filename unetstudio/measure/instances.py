"""Metrics of object instances: SEG and DET of the Cell Tracking Challenge, average precision, panoptic quality."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from unetstudio.measure.metric import METRICS, Pair, Score, mean

SPLIT, MISSED, EXTRA = 5, 10, 1
"""Costs of acyclic oriented graph matching for detection (AOGM-D; Matula et al. 2015)."""

THRESHOLDS = tuple(0.5 + 0.05 * n for n in range(10))
"""IoU thresholds of the Data Science Bowl 2018: 0.5, 0.55 ... 0.95."""


@dataclass(frozen=True, eq=False)
class ObjectOverlaps:
    """The overlaps of true and predicted objects in a case.

    `shared` (N, 3) holds true object, predicted object and common voxels of each overlapping pair; `true` and `predicted` hold the sizes
    of the objects in voxels.
    """

    shared: NDArray[np.int64]
    true: NDArray[np.int64]
    predicted: NDArray[np.int64]

    @classmethod
    def between(cls, predicted: NDArray[np.int32], true: NDArray[np.int32]) -> ObjectOverlaps:
        """Count the overlaps of two maps of numbered objects; 0 is the background."""
        true_sizes, predicted_sizes = np.bincount(true.reshape(-1)), np.bincount(predicted.reshape(-1))
        width = len(predicted_sizes)
        counts = np.bincount(true.reshape(-1).astype(np.int64) * width + predicted.reshape(-1), minlength=0)
        codes = np.flatnonzero(counts)
        pairs = np.stack([codes // width, codes % width, counts[codes]], axis=1)
        keep = (pairs[:, 0] > 0) & (pairs[:, 1] > 0)
        sizes = [numbers[1:][numbers[1:] > 0] for numbers in (true_sizes, predicted_sizes)]
        return cls(_renumbered(pairs[keep], true_sizes, predicted_sizes), *sizes)

    @property
    def iou(self) -> NDArray[np.float64]:
        """The intersection over union of each pair (N,)."""
        t, p, common = self.shared.T
        ratio: NDArray[np.float64] = common / (self.true[t] + self.predicted[p] - common)
        return ratio


def _renumbered(pairs: NDArray[np.int64], true: NDArray[np.int64], predicted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Renumber the objects of pairs consecutively from 0; `true` and `predicted` hold sizes by old number."""
    numbers = [np.cumsum(sizes > 0) - (sizes[0] > 0) - 1 for sizes in (true, predicted)]
    return np.stack([numbers[0][pairs[:, 0]], numbers[1][pairs[:, 1]], pairs[:, 2]], axis=1)


@dataclass(frozen=True)
class InstanceMetric:
    """A metric over the objects of all cases together: each object counts once."""

    title: str
    score: Callable[[Sequence[ObjectOverlaps]], float | None]
    unit: str = ""
    by_class: ClassVar[bool] = False

    def measure(self, pair: Pair) -> ObjectOverlaps:
        """Count the overlaps of the case's objects."""
        return ObjectOverlaps.between(*pair.objects)

    def combine(self, parts: Sequence[ObjectOverlaps]) -> Score:
        """Return a single number; None if there are no objects."""
        score = self.score(parts)
        return Score({}, score, score)


def seg(parts: Sequence[ObjectOverlaps]) -> float | None:
    """Average over true objects the IoU with the object that covers more than half of it, 0 if none does (Ulman et al. 2017)."""
    total, count = 0.0, 0
    for part in parts:
        covered = 2 * part.shared[:, 2] > part.true[part.shared[:, 0]]
        total += float(part.iou[covered].sum())
        count += len(part.true)
    return total / count if count else None


def det(parts: Sequence[ObjectOverlaps]) -> float | None:
    """Compute 1 - min(AOGM-D, AOGM-D0) / AOGM-D0: splits cost 5, missed objects 10, extra ones 1; D0 is the cost of drawing all by hand."""
    cost = count = 0
    for part in parts:
        covered = part.shared[2 * part.shared[:, 2] > part.true[part.shared[:, 0]]]
        matched = np.bincount(covered[:, 1], minlength=len(part.predicted))  # true objects by predicted object
        cost += SPLIT * int(np.maximum(matched - 1, 0).sum())
        cost += MISSED * (len(part.true) - len(covered)) + EXTRA * int((matched == 0).sum())
        count += len(part.true)
    return 1 - min(cost, MISSED * count) / (MISSED * count) if count else None


def average_precision(threshold: float, parts: Sequence[ObjectOverlaps]) -> float | None:
    """Compute TP / (TP + FN + FP) of objects, matched at an IoU above `threshold`, which is at least 0.5 (DSB 2018)."""
    hits = sum(int((part.iou > threshold).sum()) for part in parts)
    objects = sum(len(part.true) + len(part.predicted) for part in parts)
    return hits / (objects - hits) if objects else None


def mean_precision(parts: Sequence[ObjectOverlaps]) -> float | None:
    """Average the average precision over IoU thresholds from 0.5 to 0.95."""
    return mean([average_precision(threshold, parts) for threshold in THRESHOLDS])


def panoptic(parts: Sequence[ObjectOverlaps]) -> float | None:
    """Divide the summed IoU of objects matched at IoU above 0.5 by TP + (FN + FP) / 2 (Kirillov et al. 2019)."""
    total = sum(float(part.iou[part.iou > 0.5].sum()) for part in parts)
    objects = sum(len(part.true) + len(part.predicted) for part in parts)
    return 2 * total / objects if objects else None


METRICS.register("seg")(InstanceMetric("SEG", seg))
METRICS.register("det")(InstanceMetric("DET", det))
METRICS.register("ap50")(InstanceMetric("Average precision, IoU 0.5", partial(average_precision, 0.5)))
METRICS.register("ap75")(InstanceMetric("Average precision, IoU 0.75", partial(average_precision, 0.75)))
METRICS.register("map")(InstanceMetric("Average precision, mean of IoU 0.5 to 0.95", mean_precision))
METRICS.register("pq")(InstanceMetric("Panoptic quality", panoptic))
