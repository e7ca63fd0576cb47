"""A linear mapping of voxel values, such as the one that turns inverted grey values (MONOCHROME1, white is zero) round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.scan import Scan
from unetstudio.data.voxel_sample import value_sample

Floats = NDArray[np.float32]


SIXTEEN_BITS, HELD_IN_SIXTEEN = 65535.0, (255.0, 4095.0, 16383.0)
"""The highest value of 16 bits, and those of the fewer bits that files often hold in them."""


@dataclass(frozen=True)
class ValueMapping:
    """Stored values become `factor * value + offset`."""

    factor: float = 1.0
    offset: float = 0.0

    def apply(self, values: NDArray[Any]) -> Floats:
        """Map values."""
        return np.asarray(values, np.float32) * np.float32(self.factor) + np.float32(self.offset)

    def of(self, value: float) -> float:
        """Return what a stored value becomes."""
        return self.factor * value + self.offset

    def before(self, value: float) -> float:
        """Return the stored value that becomes `value`."""
        return (value - self.offset) / self.factor

    def then(self, other: ValueMapping) -> ValueMapping:
        """Return the mapping by this and then by another."""
        return ValueMapping(self.factor * other.factor, self.offset * other.factor + other.offset)


SAME = ValueMapping()
"""The mapping that leaves values as they are."""


def upright(scan: Scan) -> ValueMapping:
    """Return the mapping to values that grow with brightness: everything that learns or predicts sees an inverted scan through it.

    Values turn within what the file can store, whole numbers otherwise within their type, and others within their own range. Where 16 bits
    are said to be stored but hold 8, 12 or 14, these were inverted.
    """
    if not scan.inverted:
        return SAME
    values = value_sample(scan.voxels)
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    one_bit = low >= 0 and high <= 1
    whole = float(np.iinfo(scan.voxels.dtype).max) if scan.voxels.dtype.kind == "u" and not one_bit else low + high
    stated = whole if scan.inversion is None else scan.inversion
    if stated == SIXTEEN_BITS and low >= 0:
        stated = next((full for full in HELD_IN_SIXTEEN if full >= high), stated)
    return ValueMapping(-1.0, stated)
