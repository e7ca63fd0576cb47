"""Distances between the surfaces of two masks in millimetres: Hausdorff, mean, and the share within a tolerance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.labels import UNLABELLED
from unetstudio.measure.metric import METRICS, Pair, Score, mean

TOLERANCE = 1.0
"""Distance in millimetres up to which surfaces count as equal."""

Distances = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class SurfaceMetric:
    """A surface distance of each class, averaged over cases; `reduce` computes it from the distances in both directions.

    If only one of the maps has a class, its distance is the largest possible one, the diagonal of the scan.
    """

    title: str
    reduce: Callable[[Distances, Distances], float]
    unit: str = "mm"
    by_class: ClassVar[bool] = True

    def measure(self, pair: Pair) -> dict[int, float | None]:
        """Compute the distances by class; None for a class in neither map."""
        labelled = pair.truth != UNLABELLED
        values = pair.values or tuple(int(v) for v in np.union1d(pair.predicted[labelled], pair.truth[labelled]) if v != UNLABELLED)
        spacing = pair.spacing or (1.0, 1.0, 1.0)
        structures = values[1:] or values
        return {value: self._distance((pair.predicted == value) & labelled, pair.truth == value, spacing) for value in structures}

    def combine(self, parts: Sequence[dict[int, float | None]]) -> Score:
        """Average over cases, then over classes."""
        values = list(dict.fromkeys(value for part in parts for value in part))
        per_class = {value: mean([part.get(value) for part in parts]) for value in values}
        return Score(per_class, None, mean(list(per_class.values())))

    def _distance(self, predicted: Mask, truth: Mask, spacing: tuple[float, float, float]) -> float | None:
        if not predicted.any() and not truth.any():
            return None
        if not predicted.any() or not truth.any():
            diagonal = np.full(1, float(np.linalg.norm(np.array(truth.shape) * spacing)))
            return self.reduce(diagonal, diagonal)
        return self.reduce(*distances(predicted, truth, spacing))


def distances(a: Mask, b: Mask, spacing: tuple[float, float, float]) -> tuple[Distances, Distances]:
    """Compute distances in mm from each surface voxel of `a` to the nearest of `b`, and vice versa; no mask (Z, Y, X) may be empty."""
    from scipy.spatial import cKDTree

    points = [np.argwhere(surface(mask)) * np.array(spacing) for mask in (a, b)]
    trees = [cKDTree(coordinates) for coordinates in points]
    return np.asarray(trees[1].query(points[0])[0]), np.asarray(trees[0].query(points[1])[0])


def surface(mask: Mask) -> Mask:
    """Return voxels of a mask (Z, Y, X) with a face on the outside or the edge of the scan; axes of length 1 do not count."""
    inner = mask.copy()
    for axis in range(3):
        if mask.shape[axis] == 1:
            continue
        along = np.moveaxis(mask, axis, 0)
        result = np.moveaxis(inner, axis, 0)
        result[1:] &= along[:-1]
        result[:-1] &= along[1:]
        result[0] = result[-1] = False
    return mask & ~inner


def _within(a: Distances, b: Distances) -> float:
    return float((np.count_nonzero(a <= TOLERANCE) + np.count_nonzero(b <= TOLERANCE)) / (a.size + b.size))


def _mean(a: Distances, b: Distances) -> float:
    return float((a.sum() + b.sum()) / (a.size + b.size))


def _hausdorff(share: float) -> Callable[[Distances, Distances], float]:
    """Return a function that computes a percentile of the distances, the larger of both directions."""
    return lambda a, b: float(max(np.percentile(a, share), np.percentile(b, share)))


METRICS.register("hd")(SurfaceMetric("Hausdorff distance", _hausdorff(100)))
METRICS.register("hd95")(SurfaceMetric("Hausdorff distance, 95th percentile", _hausdorff(95)))
METRICS.register("surface_distance")(SurfaceMetric("Mean distance of the surfaces", _mean))
METRICS.register("surface_dice")(SurfaceMetric("Share of the surfaces within 1 mm", _within, ""))
