"""How far a network sees: an interval of positions along one axis, walked back through the layers that made them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReceptiveField:
    """Positions `first` to `last`, both included, on the grid of some layer; each method gives those on the grid before that layer."""

    first: int
    last: int

    def through(self, kernel: int, stride: int = 1, pad: int = 0) -> ReceptiveField:
        """A convolution or pooling."""
        return ReceptiveField(self.first * stride - pad, self.last * stride - pad + kernel - 1)

    def through_up(self, kernel: int, stride: int, pad: int = 0) -> ReceptiveField:
        """A transposed convolution: position i feeds i * stride - pad up to that plus kernel - 1."""
        return ReceptiveField(-((kernel - 1 - pad - self.first) // stride), (self.last + pad) // stride)

    def beside(self, other: ReceptiveField) -> ReceptiveField:
        """What two ways to the same grid see together."""
        return ReceptiveField(min(self.first, other.first), max(self.last, other.last))

    def margin(self, step: int) -> int:
        """Positions beyond 0 .. step - 1, on the farther side."""
        return max(0, -self.first, self.last - (step - 1))
