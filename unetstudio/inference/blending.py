"""Blending of overlapping tiles, for networks whose prediction of a voxel depends on the whole tile."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.region import Index, Region


class Blend:
    """The tiles of a prediction and their weighted mean.

    Tiles reach `rim` voxels beyond their cores; across twice that width their weights follow sine squared, so that neighbours sum to one.

    With `in_order` tiles come sorted by the start of their cores, and those that no later one reaches are dropped.
    Group and instance norms measure the tile, and attention spans it: no halo makes such tiles fit exactly.
    """

    def __init__(self, rim: Index, *, in_order: bool = False) -> None:
        self._rim, self._in_order = rim, in_order
        self._tile_cores: list[Region] = []
        self._tiles: list[tuple[Region, NDArray[np.uint8]]] = []
        self._bounds = np.zeros((0, 2, 3), np.int64)  # start and stop of each tile

    def add(self, tile_core: Region, tile: Region, content: NDArray[np.uint8]) -> Iterator[tuple[Region, NDArray[np.uint8]]]:
        """Add the `content` (K, Z, Y, X) of a tile and yield the regions it changes: its core and the parts of earlier cores it covers."""
        if self._in_order:
            self._forget(tile)
        self._tile_cores.append(tile_core)
        self._tiles.append((tile, content))
        self._bounds = np.concatenate([self._bounds, np.array([[tile.start, tile.stop]])])
        yield tile_core, self._mixed(tile_core)
        for before in self._touching(tile)[:-1]:
            part = self._tile_cores[before] & tile
            if not part.empty:
                yield part, self._mixed(part)

    def _forget(self, tile: Region) -> None:
        """Drop the tiles that neither `tile` nor any later one can touch."""
        z, y, _ = tile.start
        passed = self._bounds[:, 1, 0] <= z
        if not self._rim[0]:  # slices are independent
            passed |= (self._bounds[:, 0, 0] == z) & (self._bounds[:, 1, 1] <= y)
        if passed.any():
            remaining = np.flatnonzero(~passed)
            self._tile_cores, self._tiles = [self._tile_cores[n] for n in remaining], [self._tiles[n] for n in remaining]
            self._bounds = self._bounds[remaining]

    def _touching(self, region: Region) -> list[int]:
        """Return the indexes of the tiles that overlap a region."""
        start, stop = np.array(region.start), np.array(region.stop)
        return [int(n) for n in np.flatnonzero(((self._bounds[:, 0] < stop) & (self._bounds[:, 1] > start)).all(axis=1))]

    def _mixed(self, region: Region) -> NDArray[np.uint8]:
        """Compute the weighted mean of all tiles so far over a region."""
        total = np.zeros((len(self._tiles[0][1]), *region.shape), np.float32)
        weights = np.zeros(region.shape, np.float32)
        for number in self._touching(region):
            tile, content = self._tiles[number]
            part = tile & region
            weight = self._weight(tile, part)
            weights[part.within(region)] += weight
            total[(slice(None), *part.within(region))] += weight * content[(slice(None), *part.within(tile))]
        return (total / weights + 0.5).astype(np.uint8)

    def _weight(self, tile: Region, part: Region) -> NDArray[np.float32]:
        """Compute the weight of a tile over `part` of it: 1 in the middle, falling to 0 at its faces."""
        weight = np.ones((1, 1, 1), np.float32)
        for axis, rim in enumerate(self._rim):
            at = np.arange(part.start[axis], part.stop[axis]) + 0.5
            inward = np.minimum(at - tile.start[axis], tile.stop[axis] - at)  # voxels from the nearer side
            ramp = np.sin(np.pi / 2 * np.minimum(1, inward / (2 * rim))) ** 2 if rim else np.ones(len(at))
            weight = weight * ramp.astype(np.float32).reshape([-1 if n == axis else 1 for n in range(3)])
        return weight
