"""How far apart two surfaces lie, in millimetres: Hausdorff distances, mean distance, and the share within a tolerance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.labels import UNLABELLED
from unetstudio.measure.metric import METRICS, Pair, Score, mean

TOLERANCE = 1.0
"""Millimetres within which two surfaces count as one."""

Distances = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Surface:
    """Of each class; over several cases the mean of theirs. `reduce` makes one number of the distances from either surface to the other.

    A class that only one of the maps has is as far off as anything can be: the diagonal of the scan.
    """

    title: str
    reduce: Callable[[Distances, Distances], float]
    unit: str = "mm"
    by_class: ClassVar[bool] = True

    def of(self, pair: Pair) -> dict[int, float | None]:
        """By class; None where neither map has it."""
        known = pair.truth != UNLABELLED
        values = pair.values or tuple(int(v) for v in np.union1d(pair.predicted[known], pair.truth[known]) if v != UNLABELLED)
        spacing = pair.spacing or (1.0, 1.0, 1.0)
        structures = values[1:] or values
        return {value: self._one((pair.predicted == value) & known, pair.truth == value, spacing) for value in structures}

    def over(self, parts: Sequence[dict[int, float | None]]) -> Score:
        """The mean over cases, then over classes."""
        values = list(dict.fromkeys(value for part in parts for value in part))
        per_class = {value: mean([part.get(value) for part in parts]) for value in values}
        return Score(per_class, None, mean(list(per_class.values())))

    def _one(self, predicted: Mask, truth: Mask, spacing: tuple[float, float, float]) -> float | None:
        if not predicted.any() and not truth.any():
            return None
        if not predicted.any() or not truth.any():
            lost = np.full(1, float(np.linalg.norm(np.array(truth.shape) * spacing)))
            return self.reduce(lost, lost)
        return self.reduce(*distances(predicted, truth, spacing))


def distances(a: Mask, b: Mask, spacing: tuple[float, float, float]) -> tuple[Distances, Distances]:
    """From each voxel of a's surface to the nearest of b's, and the other way round, in mm; neither mask (Z, Y, X) may be empty."""
    from scipy.spatial import cKDTree

    points = [np.argwhere(surface(mask)) * np.array(spacing) for mask in (a, b)]
    trees = [cKDTree(found) for found in points]
    return np.asarray(trees[1].query(points[0])[0]), np.asarray(trees[0].query(points[1])[0])


def surface(mask: Mask) -> Mask:
    """Voxels of a mask (Z, Y, X) with a face on something else, the edge of the scan included; of one slice only sides within it count."""
    inner = mask.copy()
    for axis in range(3):
        if mask.shape[axis] == 1:
            continue
        along = np.moveaxis(mask, axis, 0)
        kept = np.moveaxis(inner, axis, 0)
        kept[1:] &= along[:-1]
        kept[:-1] &= along[1:]
        kept[0] = kept[-1] = False
    return mask & ~inner


def _within(a: Distances, b: Distances) -> float:
    return float((np.count_nonzero(a <= TOLERANCE) + np.count_nonzero(b <= TOLERANCE)) / (a.size + b.size))


def _mean(a: Distances, b: Distances) -> float:
    return float((a.sum() + b.sum()) / (a.size + b.size))


def _hausdorff(share: float) -> Callable[[Distances, Distances], float]:
    """The larger of the two directions."""
    return lambda a, b: float(max(np.percentile(a, share), np.percentile(b, share)))


METRICS.register("hd")(Surface("Hausdorff distance", _hausdorff(100)))
METRICS.register("hd95")(Surface("Hausdorff distance, 95th percentile", _hausdorff(95)))
METRICS.register("surface_distance")(Surface("Mean distance of the surfaces", _mean))
METRICS.register("surface_dice")(Surface("Share of the surfaces within 1 mm", _within, ""))
