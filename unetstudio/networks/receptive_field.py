"""The receptive field of a network along one axis, computed by going back through its layers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReceptiveField:
    """Positions `first` to `last` (inclusive) on the grid of a layer; methods return the positions on the grid before that layer."""

    first: int
    last: int

    def through(self, kernel: int, stride: int = 1, pad: int = 0) -> ReceptiveField:
        """Return the field before a convolution or pooling."""
        return ReceptiveField(self.first * stride - pad, self.last * stride - pad + kernel - 1)

    def through_up(self, kernel: int, stride: int, pad: int = 0) -> ReceptiveField:
        """Return the field before a transposed convolution: its position i feeds i * stride - pad to i * stride - pad + kernel - 1."""
        return ReceptiveField(-((kernel - 1 - pad - self.first) // stride), (self.last + pad) // stride)

    def beside(self, other: ReceptiveField) -> ReceptiveField:
        """Return the joint field of two paths from the same grid."""
        return ReceptiveField(min(self.first, other.first), max(self.last, other.last))

    def margin(self, step: int) -> int:
        """Return the number of positions outside 0 .. step - 1, on the side with more."""
        return max(0, -self.first, self.last - (step - 1))
