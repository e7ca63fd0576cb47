"""The bit depth of voxel values, and the factors that lead from one to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FULL_SCALES = (255.0, 4095.0, 65535.0, 16383.0, 1023.0)
"""Highest values of bit depths, the usual ones first: 8, 12, 16, 14 and 10."""

RATIO = 16.0
"""Ratio of ranges from which values of one type may be of two bit depths, as 12 and 16 bits are; smaller ones are taken for brightness."""


@dataclass(frozen=True)
class BitDepth:
    """What types (`dtypes`) and the `highest` value tell of the bit depth of values."""

    dtypes: tuple[str, ...]
    highest: float

    @property
    def kinds(self) -> set[str]:
        """What is certain: bytes, fractions of 1, or more than either."""
        fraction = self.highest <= 1
        return {"byte" if name == "uint8" else "fraction" if fraction and name.startswith("float") else "more" for name in self.dtypes}

    @property
    def white(self) -> list[float]:
        """The values that may stand for white, the likeliest first."""
        if self.kinds == {"fraction"}:
            return [1.0]
        return [full for full in FULL_SCALES if full >= self.highest and (self.kinds != {"byte"} or full == FULL_SCALES[0])]

    def differs(self, other: BitDepth) -> bool:
        """Whether the types tell that two depths differ."""
        return self.kinds.isdisjoint(other.kinds)

    def factors(self, other: BitDepth) -> Sequence[float]:
        """Return the factors that may lead to another depth."""
        factors = {theirs / own for own in self.white for theirs in other.white} - {1.0}
        return [factor for factor in factors if self.differs(other) or max(factor, 1 / factor) >= RATIO]

    def likeliest_factor(self, other: BitDepth) -> float | None:
        """Return the factor that leads to another depth where the types tell that they differ; None elsewhere."""
        if not self.differs(other) or not self.white or not other.white:
            return None
        return other.white[0] / self.white[0]
