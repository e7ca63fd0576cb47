"""The overlap-tile strategy: a scan of any size is predicted piece by piece, and the pieces fit as if it had been predicted at once.

Each tile is a core, whose result is kept, and a halo as wide as the network looks; tiles lie on the grid of the coarsest pooling. Scans
are mirrored at their borders (Ronneberger et al. 2015), and only there. Arrays and regions have three spatial axes (z, y, x) throughout.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.region import Index, Region
from unetstudio.networks.network import Network, round_up

BORDER = 8
"""Mirrored voxels beyond the scan for networks with same padding. Beyond these the network sees the zeros it saw at the rim of training
patches, in every tile alike: tiles stay exact, and a thin volume does not cost thirty times its own size."""


@dataclass(frozen=True)
class Lattice:
    """What a network and a scan's shape ask of tiles: `step` between possible borders, `halo` (a multiple of it), and the mirrored
    `domain` in which all tiles lie, its start on the lattice."""

    step: Index
    halo: Index
    domain: Region
    network: Network

    @classmethod
    def of(cls, network: Network, shape: Index) -> Lattice:
        """For a scan of `shape` (Z, Y, X); a 2D network goes slice by slice, without context from the neighbours."""
        step, margin = _three(network.size_multiple, 1), _three(network.receptive_margin, 0)
        halo = _index(round_up(m, s) for m, s in zip(margin, step, strict=True))
        border = halo if any(network.lost) else _index(min(m, BORDER) for m in margin)
        stop = _index(round_up(n + 2 * b, s) - b for n, b, s in zip(shape, border, step, strict=True))
        return cls(step, halo, Region(_index(-b for b in border), stop), network)

    def cores(self, wanted: Region, size: Index, focus: Index) -> list[Region]:
        """Cores of at most `size` that together cover `wanted`, about equal, the one round `focus` first and then outward."""
        if wanted.empty:
            return []
        axes = []
        for axis in range(3):
            step, origin = self.step[axis], self.domain.start[axis]
            start = origin + (wanted.start[axis] - origin) // step * step
            extent = round_up(wanted.stop[axis] - start, step)
            each = round_up(math.ceil(extent / math.ceil(extent / max(size[axis], step))), step)
            axes.append([(low, min(low + each, start + extent)) for low in range(start, start + extent, each)])
        boxes = [Region((z[0], y[0], x[0]), (z[1], y[1], x[1])) for z in axes[0] for y in axes[1] for x in axes[2]]
        return sorted(boxes, key=lambda box: _distance(box, focus, size))

    def halves(self, core: Region) -> list[Region]:
        """A core cut in two on the lattice across its longest axis, or [] when it is a single step."""
        steps = [n // s for n, s in zip(core.shape, self.step, strict=True)]
        axis = steps.index(max(steps))
        if steps[axis] < 2:
            return []
        cut = core.start[axis] + (steps[axis] + 1) // 2 * self.step[axis]
        return [
            Region(core.start, _index(cut if a == axis else n for a, n in enumerate(core.stop))),
            Region(_index(cut if a == axis else n for a, n in enumerate(core.start)), core.stop),
        ]

    def input(self, core: Region) -> Region:
        """What the network must see for `core`: with its halo, of a shape it accepts, within the domain if it pads by itself."""
        start = _index(a - h for a, h in zip(core.start, self.halo, strict=True))
        margin = _three(self.network.receptive_margin, 0)
        least = _index(b + m - a for a, b, m in zip(start, core.stop, margin, strict=True))
        dims = len(self.network.size_multiple)
        shape = (*least[: 3 - dims], *self.network.input_shape(least[3 - dims :]))
        seen = Region(start, _index(a + n for a, n in zip(start, shape, strict=True)))
        return seen if any(self.network.lost) else seen & self.domain

    def core_size(self, wanted: Region, voxels: float, most: int) -> Index:
        """Core extents for tiles of about `voxels` input voxels: larger while the halo is over three quarters of the work, never over
        `most`."""
        size = list(self.step)
        while larger := self._larger(size, wanted):
            now, then = self._input_size(size, wanted), self._input_size(larger, wanted)
            wasteful = now > 4 * math.prod(size)
            if then > most or (then > voxels and not wasteful):
                break
            size = larger
        return _index(size)

    def _larger(self, size: list[int], wanted: Region) -> list[int] | None:
        """Doubled along the shortest axis that does not cover `wanted` yet; along z only after the others for 2D networks."""
        open_axes = [axis for axis in range(3) if size[axis] < wanted.shape[axis]]
        planar = [axis for axis in open_axes if self.halo[axis] or self.step[axis] > 1]
        chosen = min(planar or open_axes, key=lambda axis: size[axis], default=None)
        return None if chosen is None else [2 * n if axis == chosen else n for axis, n in enumerate(size)]

    def _input_size(self, size: list[int], wanted: Region) -> int:
        """Input voxels of a tile with cores of `size`, no more than the domain round `wanted` holds."""
        extents = (min(n, round_up(w, s)) + 2 * h for n, w, s, h in zip(size, wanted.shape, self.step, self.halo, strict=True))
        return math.prod(min(n, d) for n, d in zip(extents, self.domain.shape, strict=True))


def read_mirrored(voxels: NDArray[Any], region: Region) -> NDArray[Any]:
    """(C, Z, Y, X) of `region`, which may reach any distance beyond the scan: mirrored there without repeating the edge voxel."""
    shape = voxels.shape[1:]
    part = voxels
    for axis, (start, stop, size) in enumerate(zip(region.start, region.stop, shape, strict=True), start=1):
        if start >= 0 and stop <= size:
            part = part[(slice(None),) * axis + (slice(start, stop),)]
        else:
            part = np.take(part, mirror(np.arange(start, stop), size), axis=axis)
    return part


def mirror(index: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Positions inside 0..size-1 for positions anywhere: ... 2 1 [0 1 2] 1 0 ..., over and over; an axis of one voxel repeats it."""
    if size == 1:
        return np.zeros_like(index)
    folded = np.abs(index) % (2 * size - 2)
    inside: NDArray[np.int64] = np.minimum(folded, 2 * size - 2 - folded)
    return inside


def _distance(box: Region, focus: Index, size: Index) -> float:
    """Squared, from the focus to the box's centre, in cores."""
    centre = ((a + b - 1) / 2 for a, b in zip(box.start, box.stop, strict=True))
    return sum(((c - f) / s) ** 2 for c, f, s in zip(centre, focus, size, strict=True))


def _three(values: tuple[int, ...], missing: int) -> Index:
    """(z, y, x) from a network's axes; `missing` for the z of a 2D network."""
    return _index((missing,) * (3 - len(values)) + values)


def _index(values: Iterable[int]) -> Index:
    z, y, x = values
    return (z, y, x)
