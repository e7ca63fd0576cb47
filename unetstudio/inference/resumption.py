"""The resumption of an interrupted prediction: which tiles are predicted again, and which results count."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from unetstudio.data.region import Index, Region


@dataclass(frozen=True)
class Resumption:
    """The state of an interrupted prediction in row order: along `axis` (z in a volume, y in a picture) all before `kept_from` is final.

    Where tiles are blended, those beside a missing one are not final, and making them again takes their own neighbours too.
    """

    done: frozenset[Region] = frozenset()
    axis: int = 0
    kept_from: int = 0
    skipped_to: float = math.inf  # finished tiles that reach further are predicted again

    @classmethod
    def of(cls, done: frozenset[Region], tile_cores: Iterable[Region], halo: Index, *, exact: bool, volume: bool) -> Resumption:
        """Resume from the tile cores of the whole scan, of which `done` are finished; blended tiles reach `halo` beyond their cores."""
        missing = [] if exact or not done else [tile_core for tile_core in tile_cores if tile_core not in done]
        if not missing:
            return cls(done)
        axis = 0 if volume else 1
        frontier = min(tile_core.start[axis] for tile_core in missing)
        kept_from = min([frontier, *(core.start[axis] for core in done if core.stop[axis] > frontier - halo[axis])])
        return cls(done, axis, kept_from, kept_from - halo[axis])

    def skips(self, tile_core: Region) -> bool:
        """Whether a tile can be skipped."""
        return tile_core in self.done and tile_core.stop[self.axis] <= self.skipped_to

    def keeps(self, region: Region) -> bool:
        """Whether the prediction of a region is reported."""
        return region.start[self.axis] >= self.kept_from
