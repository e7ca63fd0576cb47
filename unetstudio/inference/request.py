"""What is asked of a predictor. No torch here."""

from __future__ import annotations

from dataclasses import dataclass

from unetstudio.data.region import Index, Region

ON_SCREEN_SECONDS = 0.1
"""How long a tile should take on screen, so that a job can be stopped, or training go on, between two ..."""

FINAL_SECONDS = 0.8
"""... and where nobody looks: still stopped within a second."""


@dataclass(frozen=True)
class PredictionRequest:
    """A scan, or the part of it that is on screen, to be predicted tile by tile.

    `case` names it in the events. `region` restricts the prediction, and `focus` (z, y, x) is where it begins; with `row_order` it goes
    through the scan row by row instead, and remembers no more of it than the row before. `tile_edge` is the edge of the tile cores in
    voxels, 0 for cores that take about `tile_seconds`: halos are less of the work of larger tiles. `tta` averages over mirrored images.

    `done` are the tile cores that an interrupted prediction of this `tile_edge` in row order has finished: only the others are predicted
    and reported, and the first are predicted again where a later one depends on them.
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
        """A whole scan for a mask or an export, which nobody watches: the fewest and largest tiles, row by row."""
        return cls(case, tile_edge=tile_edge, tta=tta, row_order=True, tile_seconds=FINAL_SECONDS, done=done)
