"""How well regions between borders were kept apart: the scores of the ISBI 2012 challenge.

For the Rand and information scores the borders (membranes) of a prediction are thinned to lines of one pixel first, so that their width
does not count (Arganda-Carreras et al. 2015). Slice by slice; of probabilities the best of eleven thresholds counts.
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
class Table:
    """Shares of the true foreground: `both` of each pair of true and predicted region, `true` of each true region, `alone` (true region)
    of pixels that lie on a predicted border, each a region of its own; `one` is the share of a single pixel."""

    both: NDArray[np.float64]
    true: NDArray[np.float64]
    found: NDArray[np.float64]
    alone: NDArray[np.float64]
    one: float

    @classmethod
    def of(cls, true: Regions, found: Regions) -> Table | None:
        """From two maps of regions (Y, X), 0 on borders; None without true foreground."""
        inside = true > 0
        n = int(inside.sum())
        if not n:
            return None
        t, f = true[inside], found[inside]
        width = int(f.max()) + 1
        both = np.bincount(t * width + f, minlength=(int(t.max()) + 1) * width).reshape(-1, width) / n
        return cls(both[1:, 1:][both[1:, 1:] > 0], both[1:].sum(axis=1), both[:, 1:].sum(axis=0), both[1:, 0], 1 / n)


@dataclass(frozen=True)
class PixelError:
    """One minus the F-score of interior pixels: mean over slices at each threshold, then the best threshold, as the challenge has it."""

    title: str = "Pixel error at the best threshold, one minus the F-score of interiors"
    unit: str = ""
    by_class: ClassVar[bool] = True

    def of(self, pair: Pair) -> Parts:
        """Slice by slice, a score for each threshold."""
        parts = []
        for z in range(pair.truth.shape[0]):
            known = pair.truth[z] != UNLABELLED
            true = (pair.truth[z] != pair.border) & known
            if true.any():
                parts.append([1 - 2 * int((i & true).sum()) / int((i & known).sum() + true.sum()) for i in interiors(pair, z)])
        return parts

    def over(self, parts: Sequence[Parts]) -> Score:
        """None without a slice that has foreground."""
        rows = [row for part in parts for row in part]
        best = float(np.mean(rows, axis=0).min()) if rows else None
        return Score({}, best, best)


def interiors(pair: Pair, z: int) -> list[Mask]:
    """What is predicted not to be border in a slice (Y, X), at each threshold; the same at all of them where only classes are known."""
    if pair.border_share is None:
        return [pair.predicted[z] != pair.border] * len(THRESHOLDS)
    return [1 - pair.border_share[z] > threshold for threshold in THRESHOLDS]


def rand_score(table: Table) -> float:
    """2 AB / (A + B), with the sums of squared shares of overlaps, of true and of predicted regions; border pixels are singletons."""
    single = float(table.alone.sum()) * table.one
    both = float((table.both**2).sum()) + single
    return 2 * both / (float((table.true**2).sum()) + float((table.found**2).sum()) + single)


def information_score(table: Table) -> float:
    """2 I(S; T) / (H(S) + H(T)); border pixels are singletons."""
    alone = float(table.alone.sum())
    single = -alone * np.log(table.one)
    h_true, h_found = _entropy(table.true), _entropy(table.found) + single
    shared = h_true + h_found - (_entropy(table.both) + single)
    return 2 * shared / (h_true + h_found) if h_true + h_found > 0 else 1.0


@dataclass(frozen=True)
class Regional:
    """Mean over slices at each threshold, then the best threshold."""

    title: str
    score: Callable[[Table], float]
    thinned: bool = True
    unit: str = ""
    by_class: ClassVar[bool] = True

    def of(self, pair: Pair) -> Parts:
        """Slice by slice, a score for each threshold."""
        slices = range(pair.truth.shape[0])
        return [scores for z in slices if (scores := self._slice(pair, z)) is not None]

    def over(self, parts: Sequence[Parts]) -> Score:
        """None without a slice that has foreground."""
        rows = [row for part in parts for row in part]
        best = float(np.mean(rows, axis=0).max()) if rows else None
        return Score({}, best, best)

    def _slice(self, pair: Pair, z: int) -> list[float] | None:
        from skimage.measure import label

        true = label((pair.truth[z] != pair.border) & (pair.truth[z] != UNLABELLED), connectivity=1).astype(np.int64)
        scores: list[float] = []
        found = interiors(pair, z)
        for number, interior in enumerate(found):
            if number and np.array_equal(interior, found[number - 1]):
                scores.append(scores[-1])
                continue
            table = Table.of(true, regions(interior, thinned=self.thinned))
            if table is None:
                return None
            scores.append(self.score(table))
        return scores


def regions(interior: Mask, *, thinned: bool) -> Regions:
    """4-connected regions (Y, X) from 1; thinned, they grow over the border until lines of one pixel (0) are left."""
    from skimage.measure import label
    from skimage.segmentation import watershed

    found = label(interior, connectivity=1)
    if thinned and found.any():
        found = watershed((~interior).astype(np.uint8), found, connectivity=1, watershed_line=True)
    return np.asarray(found, np.int64)


def _entropy(shares: NDArray[np.float64]) -> float:
    there = shares[shares > 0]
    return float(-(there * np.log(there)).sum())


METRICS.register("v_rand")(Regional("V rand, foreground-restricted, after thinning", rand_score))
METRICS.register("v_info")(Regional("V info, foreground-restricted, after thinning", information_score))
METRICS.register("isbi_pixel_error")(PixelError())
METRICS.register("rand")(Regional("Rand score, foreground-restricted, without thinning", rand_score, thinned=False))
