"""Scores of regions separated by borders, as in the ISBI 2012 challenge: Rand, information and pixel error.

For the Rand and information scores the predicted borders (membranes) are first thinned to lines of one pixel, so that their width does
not count (Arganda-Carreras et al. 2015). Slices are scored separately, and probabilities at the best of eleven thresholds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.labels import UNLABELLED
from unetstudio.measure.metric import METRICS, Pair, Score

THRESHOLDS = tuple(n / 10 for n in range(11))

Parts = list[list[float]]
Mask = NDArray[np.bool_]
Regions = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ContingencyTable:
    """The contingency table of two segmentations: shares of the true foreground by true and predicted region.

    `both` holds the share of each overlapping pair of regions, `true` and `predicted` those of each region. `alone` holds, by true region,
    the share of pixels on predicted borders, each of which counts as a region. `one` is the share of a single pixel.
    """

    both: NDArray[np.float64]
    true: NDArray[np.float64]
    predicted: NDArray[np.float64]
    alone: NDArray[np.float64]
    one: float

    @classmethod
    def between(cls, true: Regions, predicted: Regions) -> ContingencyTable | None:
        """Compare two maps of regions (Y, X), 0 on borders; None without true foreground."""
        inside = true > 0
        n = int(inside.sum())
        if not n:
            return None
        t, p = true[inside], predicted[inside]
        width = int(p.max()) + 1
        both = np.bincount(t * width + p, minlength=(int(t.max()) + 1) * width).reshape(-1, width) / n
        return cls(both[1:, 1:][both[1:, 1:] > 0], both[1:].sum(axis=1), both[:, 1:].sum(axis=0), both[1:, 0], 1 / n)


@dataclass(frozen=True)
class PixelError:
    """The pixel error, one minus the F-score of interior pixels: the mean over slices at the best threshold, as in the challenge."""

    title: str = "Pixel error at the best threshold, one minus the F-score of interiors"
    unit: str = ""
    by_class: ClassVar[bool] = True

    def measure(self, pair: Pair) -> Parts:
        """Score each slice at each threshold."""
        parts = []
        for z in range(pair.truth.shape[0]):
            labelled = pair.truth[z] != UNLABELLED
            true = (pair.truth[z] != pair.border) & labelled
            if true.any():
                parts.append([1 - 2 * int((i & true).sum()) / int((i & labelled).sum() + true.sum()) for i in interiors(pair, z)])
        return parts

    def combine(self, parts: Sequence[Parts]) -> Score:
        """Average over slices at the best threshold; None if no slice has foreground."""
        rows = [row for part in parts for row in part]
        best = float(np.mean(rows, axis=0).min()) if rows else None
        return Score({}, best, best)


def interiors(pair: Pair, z: int) -> list[Mask]:
    """Return the predicted interior (not border) of a slice (Y, X) at each threshold; the same for all without probabilities."""
    if pair.border_share is None:
        return [pair.predicted[z] != pair.border] * len(THRESHOLDS)
    return [1 - pair.border_share[z] > threshold for threshold in THRESHOLDS]


def rand_score(table: ContingencyTable) -> float:
    """Compute 2 AB / (A + B) with the sums of squared shares of overlaps, true and predicted regions; border pixels are singletons."""
    single = float(table.alone.sum()) * table.one
    both = float((table.both**2).sum()) + single
    return 2 * both / (float((table.true**2).sum()) + float((table.predicted**2).sum()) + single)


def information_score(table: ContingencyTable) -> float:
    """Compute 2 I(S; T) / (H(S) + H(T)); border pixels are singletons."""
    alone = float(table.alone.sum())
    single = -alone * np.log(table.one)
    h_true, h_predicted = _entropy(table.true), _entropy(table.predicted) + single
    shared = h_true + h_predicted - (_entropy(table.both) + single)
    return 2 * shared / (h_true + h_predicted) if h_true + h_predicted > 0 else 1.0


@dataclass(frozen=True)
class RegionMetric:
    """A score of regions: the mean over slices at the best threshold."""

    title: str
    score: Callable[[ContingencyTable], float]
    thinned: bool = True
    unit: str = ""
    by_class: ClassVar[bool] = True

    def measure(self, pair: Pair) -> Parts:
        """Score each slice at each threshold."""
        slices = range(pair.truth.shape[0])
        return [scores for z in slices if (scores := self._slice(pair, z)) is not None]

    def combine(self, parts: Sequence[Parts]) -> Score:
        """Average over slices at the best threshold; None if no slice has foreground."""
        rows = [row for part in parts for row in part]
        best = float(np.mean(rows, axis=0).max()) if rows else None
        return Score({}, best, best)

    def _slice(self, pair: Pair, z: int) -> list[float] | None:
        from skimage.measure import label

        true = label((pair.truth[z] != pair.border) & (pair.truth[z] != UNLABELLED), connectivity=1).astype(np.int64)
        scores: list[float] = []
        masks = interiors(pair, z)
        for number, interior in enumerate(masks):
            if number and np.array_equal(interior, masks[number - 1]):
                scores.append(scores[-1])
                continue
            table = ContingencyTable.between(true, regions(interior, thinned=self.thinned))
            if table is None:
                return None
            scores.append(self.score(table))
        return scores


def regions(interior: Mask, *, thinned: bool) -> Regions:
    """Number the 4-connected regions (Y, X) from 1; if `thinned`, grow them over the border until lines of one pixel (0) are left."""
    from skimage.measure import label
    from skimage.segmentation import watershed

    numbers = label(interior, connectivity=1)
    if thinned and numbers.any():
        numbers = watershed((~interior).astype(np.uint8), numbers, connectivity=1, watershed_line=True)
    return np.asarray(numbers, np.int64)


def _entropy(shares: NDArray[np.float64]) -> float:
    positive = shares[shares > 0]
    return float(-(positive * np.log(positive)).sum())


METRICS.register("v_rand")(RegionMetric("V rand, foreground-restricted, after thinning", rand_score))
METRICS.register("v_info")(RegionMetric("V info, foreground-restricted, after thinning", information_score))
METRICS.register("isbi_pixel_error")(PixelError())
METRICS.register("rand")(RegionMetric("Rand score, foreground-restricted, without thinning", rand_score, thinned=False))
