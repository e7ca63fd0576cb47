"""The overlap-tile strategy: a scan of any size is predicted tile by tile, with the result of predicting it at once.

Each tile is a core, whose result is kept, and a halo as wide as the receptive field; tiles lie on the grid of the coarsest pooling. Scans
are mirrored at their borders (Ronneberger et al. 2015), and only there. Arrays and regions have three spatial axes (z, y, x) throughout.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from unetstudio.data.region import Index, Region
from unetstudio.networks.network import Network, round_up

BORDER = {2: 16, 3: 8}
"""Mirrored voxels beyond the scan for networks with same padding, by dimensions. Further out the network sees the zeros it saw at the
rim of training patches, in every tile alike: tiles stay exact, and a thin volume does not cost thirty times its own size."""

WASTE = 1.7
"""Factor over the least total work that small tiles may cost for the sake of a quick answer."""


@dataclass(frozen=True)
class TileGrid:
    """The grid on which the tiles of a scan lie for a network: `step` between possible borders, `halo` (a multiple of it), and the mirrored
    `domain` that holds all tiles, its start on the grid."""

    step: Index
    halo: Index
    domain: Region
    network: Network

    @classmethod
    def of(cls, network: Network, shape: Index) -> TileGrid:
        """Make the grid for a scan of `shape` (Z, Y, X); a 2D network goes slice by slice, without context from the neighbours."""
        step, margin = _three(network.size_multiple, 1), _three(network.receptive_margin, 0)
        halo = _index(round_up(m, s) for m, s in zip(margin, step, strict=True))
        border = halo if any(network.valid_margin) else _index(min(m, BORDER[network.config.dims]) for m in margin)
        stop = _index(round_up(n + 2 * b, s) - b for n, b, s in zip(shape, border, step, strict=True))
        return cls(step, halo, Region(_index(-b for b in border), stop), network)

    def tile_cores(self, target: Region, size: Index, focus: Index) -> list[Region]:
        """Return tile cores of at most `size`, about equal, that cover `target`, from `focus` outward; in 2D the slice in focus is finished
        before its neighbours."""
        if target.empty:
            return []
        axes = [self._intervals(axis, target, size[axis]) for axis in range(3)]
        boxes = [Region((z[0], y[0], x[0]), (z[1], y[1], x[1])) for z in axes[0] for y in axes[1] for x in axes[2]]
        return sorted(boxes, key=lambda box: _distances(box, focus, size, self._flat))

    def halves(self, tile_core: Region) -> list[Region]:
        """Cut a tile core in two on the grid across its longest axis; [] when it is a single step."""
        steps = [n // s for n, s in zip(tile_core.shape, self.step, strict=True)]
        axis = steps.index(max(steps))
        if steps[axis] < 2:
            return []
        cut = tile_core.start[axis] + (steps[axis] + 1) // 2 * self.step[axis]
        return [
            Region(tile_core.start, _index(cut if a == axis else n for a, n in enumerate(tile_core.stop))),
            Region(_index(cut if a == axis else n for a, n in enumerate(tile_core.start)), tile_core.stop),
        ]

    def input(self, tile_core: Region) -> Region:
        """Return the input region for a tile core: with its halo, of an accepted shape, within the domain if it pads by itself."""
        input_region = self.unclipped(tile_core)
        return input_region if any(self.network.valid_margin) else input_region & self.domain

    def unclipped(self, tile_core: Region) -> Region:
        """Return the input region for a tile core in a domain without borders."""
        start = _index(a - h for a, h in zip(tile_core.start, self.halo, strict=True))
        margin = _three(self.network.receptive_margin, 0)
        least = _index(b + m - a for a, b, m in zip(start, tile_core.stop, margin, strict=True))
        dims = len(self.network.size_multiple)
        shape = (*least[: 3 - dims], *self.network.input_shape(least[3 - dims :]))
        return Region(start, _index(a + n for a, n in zip(start, shape, strict=True)))

    def surrounded(self, tile_core: Region) -> bool:
        """Whether everything that can influence a tile core is real or mirrored image, none of it the network's zero padding."""
        margin = _three(self.network.receptive_margin, 0)
        return any(self.network.valid_margin) or (
            all(a - m >= low for a, m, low in zip(tile_core.start, margin, self.domain.start, strict=True))
            and all(b + m <= high for b, m, high in zip(tile_core.stop, margin, self.domain.stop, strict=True))
        )

    def work(self, input_region: Region, tile_core: Region) -> float:
        """Return the work of a tile in voxels for which the whole network is computed: part of it is computed for the core alone."""
        return input_region.size + self.network.window_share * (tile_core.size - input_region.size)

    def core_size(self, target: Region, voxels: float, most: int) -> Index:
        """Choose the extents (z, y, x) of cores for tiles of about `voxels` of work and at most `most` input voxels: larger where halos
        would be most of the work."""
        works = [(size, *self._work(target, size)) for size in self._sizes(target)]
        works = [entry for entry in works if entry[1] <= most] or [(self.step, 0, 0.0, 0.0)]
        least = min(total for *_, total in works)
        frugal = [entry for entry in works if entry[3] <= WASTE * least]
        quick = [entry for entry in frugal if entry[2] <= voxels]
        return quick[-1][0] if quick else frugal[0][0]

    def _sizes(self, target: Region) -> list[Index]:
        """Return ever larger core sizes up to all of `target`; for 2D networks several slices together only when they fit whole."""
        slices, *plane = target.shape if self._flat else (1, max(target.shape))
        sizes, edge = [], max(16, *self.step)
        while edge < max(plane):
            sizes.append((1 if self._flat else edge, edge, edge))
            edge = round_up(edge * 5 // 4, max(self.step))
        together = [2**n for n in range(slices.bit_length() + 1)]
        return [*sizes, *((n if self._flat else edge, edge, edge) for n in together)]

    @property
    def _flat(self) -> bool:
        return len(self.network.size_multiple) == 2

    def _work(self, target: Region, size: Index) -> tuple[int, float, float]:
        """Return the input voxels of the largest tile, its work, and the work of all tiles together."""
        cores, inputs = [], []
        for axis in range(3):
            low, high, halo = self.domain.start[axis], self.domain.stop[axis], self.halo[axis]
            intervals = self._intervals(axis, target, size[axis])
            cores.append([b - a for a, b in intervals])
            inputs.append([min(b + halo, high) - max(a - halo, low) for a, b in intervals])
        largest, all_inputs = math.prod(map(max, inputs)), math.prod(map(sum, inputs))
        share = self.network.window_share
        work = largest + share * (math.prod(map(max, cores)) - largest)
        return largest, work, all_inputs + share * (math.prod(map(sum, cores)) - all_inputs)

    def _intervals(self, axis: int, target: Region, size: int) -> list[tuple[int, int]]:
        """Return about equal intervals of at most `size` on the grid that cover `target` along an axis."""
        step, origin = self.step[axis], self.domain.start[axis]
        start = origin + (target.start[axis] - origin) // step * step
        extent = round_up(target.stop[axis] - start, step)
        each = round_up(math.ceil(extent / math.ceil(extent / max(size, step))), step)
        return [(low, min(low + each, start + extent)) for low in range(start, start + extent, each)]


def _distances(box: Region, focus: Index, size: Index, flat: bool) -> tuple[float, float]:
    """Return the squared distance, in cores, from the focus to the box's centre: along z first when `flat`, else all axes together."""
    centre = ((a + b - 1) / 2 for a, b in zip(box.start, box.stop, strict=True))
    z, y, x = (((c - f) / s) ** 2 for c, f, s in zip(centre, focus, size, strict=True))
    return (z, y + x) if flat else (0.0, z + y + x)


def _three(values: tuple[int, ...], missing: int) -> Index:
    """Return (z, y, x) from a network's axes; `missing` for the z of a 2D network."""
    return _index((missing,) * (3 - len(values)) + values)


def _index(values: Iterable[int]) -> Index:
    z, y, x = values
    return (z, y, x)
