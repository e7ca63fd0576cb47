"""Requests to a predictor. No torch here."""

from __future__ import annotations

from dataclasses import dataclass

from unetstudio.data.region import Index, Region

ON_SCREEN_SECONDS = 0.1
"""Seconds that a tile on screen should take: a job can be stopped, or training continue, between two."""

FINAL_SECONDS = 0.8
"""Seconds that a tile of a mask or export should take: the job still stops within a second."""


@dataclass(frozen=True)
class PredictionRequest:
    """A request to predict a scan, or its visible part, tile by tile.

    `case` names the scan in the events. `region` restricts the prediction, and `focus` (z, y, x) is where it begins; with `row_order` it
    goes through the scan row by row instead, and holds only the row before. `tile_edge` is the edge of the tile cores in voxels, 0 for
    cores that take about `tile_seconds`: the larger the tile, the smaller the share of its halo. `tta` averages over mirrored images.

    `done` are the tile cores that an interrupted prediction of this `tile_edge` in row order has finished: only the others are reported,
    and finished ones are predicted again only where a missing one depends on them.
    """

    case: str
    region: Region | None = None
    focus: Index | None = None
    tile_edge: int = 0
    tta: bool = False
    row_order: bool = False
    tile_seconds: float = ON_SCREEN_SECONDS
    done: frozenset[Region] = frozenset()

    @classmethod
    def final(cls, case: str, *, tta: bool, tile_edge: int = 0, done: frozenset[Region] = frozenset()) -> PredictionRequest:
        """Request a whole scan for a mask or an export: the fewest and largest tiles, row by row."""
        return cls(case, tile_edge=tile_edge, tta=tta, row_order=True, tile_seconds=FINAL_SECONDS, done=done)
