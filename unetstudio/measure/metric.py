"""The interface of a metric: it measures one case at a time and combines the results of any number of cases into a score."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.geometry import Spacing
from unetstudio.measure.confusion import Confusion, confusion
from unetstudio.measure.objects import label_objects
from unetstudio.registry import Registry

Labels = NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class Pair:
    """The predicted and the true label map (Z, Y, X) of a case.

    `values` are the classes, the background first. `numbered` holds both masks as read from their files, whose values may number objects
    instead of classes. `border` is the class that separates objects, and `border_share` its probability.
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
        """The confusion matrix of the pair. Raise the UserErrors of `confusion`."""
        return confusion(self.predicted, self.truth, self.values)

    @cached_property
    def objects(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Predicted and true objects, numbered from 1; 0 is the background."""
        predicted, true = self.numbered or (self.predicted, self.truth)
        return label_objects(predicted), label_objects(true)


@dataclass(frozen=True)
class Score:
    """A score: `per_class` by class value, None for a class in neither map; `mean` over classes; `pooled` over all voxels or objects."""

    per_class: Mapping[int, float | None]
    pooled: float | None
    mean: float | None


class Metric(Protocol):
    """A metric: `measure` returns the result of one case in a form that `combine` can join.

    `unit` is "", "%" or "mm" (pixels if the spacing is unknown). `by_class` says whether the metric compares classes and not objects.
    """

    @property
    def title(self) -> str: ...
    @property
    def by_class(self) -> bool: ...
    @property
    def unit(self) -> str: ...
    def measure(self, pair: Pair) -> Any: ...
    def combine(self, parts: Sequence[Any]) -> Score: ...


@dataclass(frozen=True)
class VoxelMetric:
    """A metric computed from the confusion matrix, summed over cases so that each voxel counts once."""

    title: str
    score: Callable[[Confusion], Score]
    unit: str = ""
    by_class: ClassVar[bool] = True

    def measure(self, pair: Pair) -> Confusion:
        """Return the confusion matrix of the case."""
        return pair.confusion

    def combine(self, parts: Sequence[Confusion]) -> Score:
        """Compute the score of the summed confusion matrices."""
        return self.score(sum(parts[1:], parts[0]))


METRICS: Registry[Metric] = Registry("unetstudio.measure", "metric")


def overlap(name: str, title: str) -> Callable[[Callable[[Confusion], Score]], VoxelMetric]:
    """Return a decorator that makes a metric of a function of the confusion matrix and registers it."""

    def register(score: Callable[[Confusion], Score]) -> VoxelMetric:
        metric = VoxelMetric(title, score)
        METRICS.register(name, origin=f"{score.__module__}.{score.__qualname__}")(metric)
        return metric

    return register


def mean(values: Sequence[float | None]) -> float | None:
    """Average the values that are not None; None without any."""
    numbers = [value for value in values if value is not None]
    return float(np.mean(numbers)) if numbers else None
