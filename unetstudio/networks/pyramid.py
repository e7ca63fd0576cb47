"""What U-shaped networks share: a number of levels, each pooled from the one above, and how far such a network looks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from unetstudio.networks.blocks import NORMS
from unetstudio.networks.network import NetworkConfig, check

Pool = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class PyramidConfig(NetworkConfig):
    """`depth` poolings, `base` channels at full resolution, doubled at every pooling.

    `pool` gives the factors of each pooling per axis, finest first; () means 2 everywhere. Where an axis is not pooled, the level's
    kernels have extent 1 along it: slices far apart are not mixed before the others have been brought to their spacing.
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
        """Kernel of each level, finest first, the bottom last."""
        return (*(tuple(1 if factor == 1 else 3 for factor in level) for level in self.pools), (3,) * self.dims)

    @property
    def strided_kernels(self) -> Pool:
        """Kernels of convolutions that go down a level by stride: as of the level that they lead to, but never passing a voxel by."""
        steps = zip(self.pools, self.kernels[1:], strict=True)
        return tuple(tuple(3 if factor == 2 else k for factor, k in zip(level, kernel, strict=True)) for level, kernel in steps)

    @property
    def size_multiple(self) -> tuple[int, ...]:
        """All poolings together, per axis."""
        return tuple(math.prod(level[axis] for level in self.pools) for axis in range(self.dims))


def reach(
    factors: Sequence[int],
    down: Sequence[int],
    up: Sequence[int],
    *,
    strided: Sequence[int] = (),
    linear: bool = False,
    gates: Sequence[int] = (),
) -> int:
    """Input voxels to a side, along one axis, that can influence an output voxel with same padding, from the finest level to the bottom.

    `factors` of the poolings; on each side of what they answer the convolutions of a level take `down` voxels on the way down (the bottom
    included) and `up` on the way up; `strided`, where strided convolutions pool, what these read before the first of their voxels.
    `linear`: levels are brought up by linear interpolation, which reads a neighbour. `gates` are the levels whose skips are multiplied by
    what the level below sees of them.
    """
    strided = strided or (0,) * len(factors)

    def going_down(level: int, first: int) -> int:
        """The first input voxel that reaches voxel `first` of a level; the voxels behind mirror those before."""
        first -= down[level]
        return first if level == 0 else going_down(level - 1, factors[level - 1] * first - strided[level - 1])

    def going_up(level: int, first: int) -> int:
        if level == len(factors):
            return going_down(level, first)
        first -= up[level]
        factor = factors[level]
        below = (first - 1) // factor if linear and factor > 1 else first // factor
        skip = factor * below if level in gates else first
        return min(going_down(level, skip), going_up(level + 1, below))

    return -going_up(0, 0)
