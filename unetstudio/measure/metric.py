"""What a metric is: it looks at one case at a time, keeps what it needs, and scores any number of cases together; found by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.geometry import Spacing
from unetstudio.measure.confusion import Confusion, confusion
from unetstudio.measure.objects import objects
from unetstudio.registry import Registry

Labels = NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class Pair:
    """A prediction and the truth of one case, both (Z, Y, X).

    `values` are the classes, the background first. `numbered` holds the two masks as their files have them, where numbers may stand for
    objects and not for classes. `border` is the class that separates objects, of which `border_share` is the probability.
    """

    predicted: Labels
    truth: Labels
    values: tuple[int, ...] = ()
    spacing: Spacing | None = None  # mm (z, y, x)
    numbered: tuple[Labels, Labels] | None = None
    border: int = 1
    border_share: NDArray[np.floating[Any]] | None = None  # (Z, Y, X) in 0..1

    @cached_property
    def confusion(self) -> Confusion:
        """True against predicted classes; UserErrors of `confusion`."""
        return confusion(self.predicted, self.truth, self.values)

    @cached_property
    def objects(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Predicted and true objects, numbered from 1; 0 is the ground."""
        mine, true = self.numbered or (self.predicted, self.truth)
        return objects(mine), objects(true)


@dataclass(frozen=True)
class Score:
    """`per_class` by class value, None where the class is in neither map; `pooled` over all voxels or objects of what `mean` speaks of."""

    per_class: Mapping[int, float | None]
    pooled: float | None
    mean: float | None


class Metric(Protocol):
    """`of` one case, in whatever form `over` can join; `unit` is "", "%" or "mm" (pixels where the spacing is unknown); `by_class` whether
    it looks at classes, not at objects."""

    @property
    def title(self) -> str: ...
    @property
    def by_class(self) -> bool: ...
    @property
    def unit(self) -> str: ...
    def of(self, pair: Pair) -> Any: ...
    def over(self, parts: Sequence[Any]) -> Score: ...


@dataclass(frozen=True)
class Overlap:
    """A metric that needs nothing but the confusion, which is summed over cases: each voxel counts once."""

    title: str
    score: Callable[[Confusion], Score]
    unit: str = ""
    by_class: ClassVar[bool] = True

    def of(self, pair: Pair) -> Confusion:
        """What is counted."""
        return pair.confusion

    def over(self, parts: Sequence[Confusion]) -> Score:
        """The score of the sum."""
        return self.score(sum(parts[1:], parts[0]))


METRICS: Registry[Metric] = Registry("unetstudio.measure", "metric")


def overlap(name: str, title: str) -> Callable[[Callable[[Confusion], Score]], Callable[[Confusion], Score]]:
    """Decorator: registers a function of the confusion as a metric."""

    def keep(score: Callable[[Confusion], Score]) -> Callable[[Confusion], Score]:
        METRICS.register(name, origin=f"{score.__module__}.{score.__qualname__}")(Overlap(title, score))
        return score

    return keep


def mean(values: Sequence[float | None]) -> float | None:
    """Of those that are there."""
    found = [value for value in values if value is not None]
    return float(np.mean(found)) if found else None
