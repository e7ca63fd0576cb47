"""The range of a scan's values: percentiles of each channel, and how far they lie from others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.value_mapping import ValueMapping

Floats = NDArray[np.float32]
Percentiles = tuple[float, float, float]

PERCENTS = (1.0, 50.0, 99.0)
"""The percentiles by which values are compared."""

MARGIN = 0.25
"""Margin around a range, relative to it, that still counts as within."""


@dataclass(frozen=True)
class ValueRange:
    """The percentiles of each channel; `low`, `middle` and `high` are their means over the channels."""

    channels: tuple[Percentiles, ...]

    @classmethod
    def of(cls, channels: Sequence[Floats]) -> ValueRange:
        """Measure the finite values of each channel."""
        return cls(tuple(_percentiles(values) for values in channels))

    @property
    def low(self) -> float:
        return self._mean[0]

    @property
    def middle(self) -> float:
        return self._mean[1]

    @property
    def high(self) -> float:
        return self._mean[2]

    @property
    def width(self) -> float:
        return self.high - self.low

    @property
    def is_point(self) -> bool:
        """Whether no channel has more than one value."""
        return all(low == high for low, _, high in self.channels)

    @property
    def place(self) -> float:
        """Where the median lies between the ends, 0 to 1."""
        return (self.middle - self.low) / self.width if self.width else 0.5

    @property
    def words(self) -> str:
        """The ends, for the reader."""
        return f"{self.low:.4g} to {self.high:.4g}"

    def mapped(self, mapping: ValueMapping) -> ValueRange:
        """Return the range of mapped values; the mapping's factor is positive."""
        return ValueRange(tuple((f(a), f(b), f(c)) for f in [mapping.of] for a, b, c in self.channels))

    def mapping_to(self, known: ValueRange) -> ValueMapping:
        """Return the mapping of the ends to known ones; by the lower one alone where all values are the same."""
        factor = known.width / self.width if self.width and known.width else 1.0
        return ValueMapping(factor, known.low - factor * self.low)

    def difference(self, known: ValueRange) -> float:
        """Return the largest difference of the percentiles relative to the known width, averaged over the channels that vary."""
        differences = [
            max(abs(a - b) for a, b in zip(own, other, strict=True)) / (other[2] - other[0])
            for own, other in zip(self.channels, known.channels, strict=True)
            if other[2] > other[0]
        ]
        return sum(differences) / len(differences)

    def is_outside(self, known: ValueRange) -> bool:
        """Whether most of this range lies beyond the known one."""
        low, high = known.low - MARGIN * known.width, known.high + MARGIN * known.width
        if self.width == 0:
            return not low <= self.middle <= high
        return min(self.high, high) - max(self.low, low) < self.width / 2

    @cached_property
    def _mean(self) -> Percentiles:
        low, middle, high = (float(value) for value in np.mean(self.channels, axis=0))
        return (low, middle, high)


def _percentiles(values: Floats) -> Percentiles:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return (0.0, 0.0, 0.0)
    low, middle, high = (float(value) for value in np.percentile(finite, PERCENTS))
    return (low, middle, high)
