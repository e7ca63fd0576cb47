"""The error of the predicted volume of each structure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from unetstudio.measure.metric import METRICS, Pair, Score, mean

Volumes = dict[int, tuple[int, int]]


@dataclass(frozen=True)
class VolumeError:
    """The error |predicted - true| / true of each class in per cent, averaged over the cases that have it; the spacing cancels out."""

    title: str = "Volume error"
    unit: str = "%"
    by_class: ClassVar[bool] = True

    def measure(self, pair: Pair) -> Volumes:
        """Count predicted and true voxels by class."""
        counts = pair.confusion
        return {v: (int(p), int(t)) for v, p, t in zip(counts.values, counts.predicted, counts.truth, strict=True)}

    def combine(self, parts: Sequence[Volumes]) -> Score:
        """Compute errors by class, and over all classes except the first, the background."""
        values = list(dict.fromkeys(value for part in parts for value in part))
        per_class = {value: mean([_error(*part[value]) for part in parts if value in part]) for value in values}
        structures = values[1:] or values
        predicted, true = (sum(part[v][i] for part in parts for v in structures if v in part) for i in (0, 1))
        return Score(per_class, _error(predicted, true), mean([per_class[value] for value in structures]))


def _error(predicted: int, true: int) -> float | None:
    return 100 * abs(predicted - true) / true if true else None


METRICS.register("volume_error")(VolumeError())
