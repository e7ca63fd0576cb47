"""What a metric is: a function of two label maps, found by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unetstudio.registry import Registry


@dataclass(frozen=True, eq=False)
class Confusion:
    """`counts` (K, K): voxels by true class (row) and predicted class (column), in the order of the class `values`.

    Additive: the confusion of several cases is the sum of theirs. `missed` holds true voxels (K,) that were given no known class.
    """

    values: tuple[int, ...]
    counts: NDArray[np.int64]
    missed: NDArray[np.int64]

    def __add__(self, other: Confusion) -> Confusion:
        """Of two cases together; both in the same classes."""
        if self.values != other.values:
            raise ValueError(f"cannot add classes {self.values} and {other.values}")
        return Confusion(self.values, self.counts + other.counts, self.missed + other.missed)

    @property
    def truth(self) -> NDArray[np.int64]:
        """(K,) voxels truly of each class."""
        total: NDArray[np.int64] = self.counts.sum(axis=1) + self.missed
        return total

    @property
    def predicted(self) -> NDArray[np.int64]:
        """(K,) voxels predicted as each class."""
        total: NDArray[np.int64] = self.counts.sum(axis=0)
        return total

    @property
    def agreed(self) -> NDArray[np.int64]:
        """(K,) voxels of each class that were predicted so."""
        return np.diagonal(self.counts)


@dataclass(frozen=True)
class Score:
    """`per_class` by class value, None where the class is in neither map; `pooled` over all voxels of the classes `mean` speaks of."""

    per_class: Mapping[int, float | None]
    pooled: float | None
    mean: float | None


Metric = Callable[[Confusion], Score]

METRICS: Registry[Metric] = Registry("unetstudio.measure", "metric")
