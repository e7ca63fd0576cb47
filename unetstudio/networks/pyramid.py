"""Configuration and receptive margin shared by U-shaped networks, in which each level is pooled from the one above."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from unetstudio.networks.blocks import NORMS
from unetstudio.networks.network import NetworkConfig, check

Pool = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class PyramidConfig(NetworkConfig):
    """A network with `depth` poolings and `base` channels at full resolution, doubled at every pooling.

    `pool` holds the factors of each pooling per axis, finest first; () means 2 everywhere. Where an axis is not pooled, the level's
    kernels have extent 1 along it, so that distant slices are not mixed until the other axes have been pooled to a similar spacing.
    """

    depth: int = 4
    base: int = 32
    norm: str = "batch"
    pool: Pool = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        check(0 <= self.depth <= 8, f"A U-Net has 0 to 8 poolings, not {self.depth}.")
        check(1 <= self.base <= 512, f"A U-Net has 1 to 512 channels at full resolution, not {self.base}.")
        check(self.norm in NORMS, f"There is no norm named {self.norm!r}. Known: {', '.join(NORMS)}.")
        fits = len(self.pool) == self.depth and all(len(p) == self.dims and set(p) <= {1, 2} for p in self.pool)
        check(fits or not self.pool, f"{self.pool} are not {self.depth} poolings of {self.dims} factors 1 or 2.")

    @property
    def pools(self) -> Pool:
        """Factors of each pooling, finest first."""
        return self.pool or ((2,) * self.dims,) * self.depth

    @property
    def kernels(self) -> Pool:
        """Kernel size of each level, finest first, the bottom last."""
        return (*(tuple(1 if factor == 1 else 3 for factor in level) for level in self.pools), (3,) * self.dims)

    @property
    def strided_kernels(self) -> Pool:
        """Kernel sizes of strided convolutions that lead to the next level: those of that level, but large enough to skip no voxel."""
        steps = zip(self.pools, self.kernels[1:], strict=True)
        return tuple(tuple(3 if factor == 2 else k for factor, k in zip(level, kernel, strict=True)) for level, kernel in steps)

    @property
    def size_multiple(self) -> tuple[int, ...]:
        """Product of all pooling factors, per axis."""
        return tuple(math.prod(level[axis] for level in self.pools) for axis in range(self.dims))


def pyramid_margin(
    factors: Sequence[int],
    down: Sequence[int],
    up: Sequence[int],
    *,
    strided: Sequence[int] = (),
    linear: bool = False,
    gates: Sequence[int] = (),
) -> int:
    """Count the input voxels on each side, along one axis, that can influence an output voxel of a network with same padding.

    All sequences run from the finest level to the bottom. `factors` are those of the poolings. The convolutions of a level read `down`
    voxels on each side of their output in the encoder (bottom included) and `up` voxels in the decoder. `strided` is how far a strided
    convolution that replaces a pooling reads before its first voxel. `linear` means upsampling by linear interpolation, which reads a
    neighbour. `gates` are the levels whose skips are gated by the level below.
    """
    strided = strided or (0,) * len(factors)

    def going_down(level: int, first: int) -> int:
        """Return the first input voxel that influences voxel `first` of an encoder level; the last one follows by symmetry."""
        first -= down[level]
        return first if level == 0 else going_down(level - 1, factors[level - 1] * first - strided[level - 1])

    def going_up(level: int, first: int) -> int:
        """Return the first input voxel that influences voxel `first` of a decoder level."""
        if level == len(factors):
            return going_down(level, first)
        first -= up[level]
        factor = factors[level]
        below = (first - 1) // factor if linear and factor > 1 else first // factor
        skip = factor * below if level in gates else first
        return min(going_down(level, skip), going_up(level + 1, below))

    return -going_up(0, 0)
