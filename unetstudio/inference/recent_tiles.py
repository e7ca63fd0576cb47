"""The tiles that a network has predicted of the view on screen: a newer quick guess is pooled with them without predicting them again."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field, replace

from unetstudio.data.region import Index, Region
from unetstudio.data.scan import Scan
from unetstudio.inference.events import CasePredicted, PredictionEvent, TilePredicted
from unetstudio.inference.network_predictor import NetworkPredictor
from unetstudio.inference.request import PredictionRequest

MOST_BYTES = 64 * 2**20
"""Bytes of the tiles that are kept; those of a larger view are predicted each time."""


@dataclass(eq=False)
class RecentTiles:
    """Predicts with a `network` whose weights stay as they are, and keeps the tiles of the last region on screen."""

    network: NetworkPredictor
    _region: tuple[str, Region] | None = None
    _scan: Scan | None = None
    _tiles: dict[Region, TilePredicted] = field(default_factory=dict)
    _end: CasePredicted | None = None

    def predict(self, scan: Scan, request: PredictionRequest) -> Generator[PredictionEvent, None, None]:
        """Predict as the network does; tiles of the same view come from memory, from the focus outward."""
        if request.row_order or request.tta or request.tile_edge or request.region is None:
            yield from self.network.predict(scan, request)
            return
        if self._scan is not scan or self._region != (request.case, request.region):
            self._scan, self._region = scan, (request.case, request.region)
            self._forget()
        if self._end is None and not self._resumes(scan):
            self._forget()
        near = list(self._tiles.values())
        if self.network.tiles.exact:  # otherwise later ones blend with earlier ones, and come in their order
            near.sort(key=lambda tile: _distance(tile.region, request.focus))
        for done, tile in enumerate(near, start=1):
            yield replace(tile, done=done)
        if self._end is not None:
            yield self._end
            return
        for event in self.network.predict(scan, replace(request, done=frozenset(self._tiles))):
            self._keep(event)
            yield event

    def _keep(self, event: PredictionEvent) -> None:
        if isinstance(event, CasePredicted):
            self._end = event
        elif isinstance(event, TilePredicted):
            self._tiles.pop(event.region, None)
            self._tiles[event.region] = event
            if sum(tile.probabilities.nbytes for tile in self._tiles.values()) > MOST_BYTES:
                self._forget()
                self._region = None

    def _resumes(self, scan: Scan) -> bool:
        """Whether the tiles so far are final, so that only the missing ones are predicted."""
        return self.network.tiles.exact and self.network.can_resume(scan)

    def _forget(self) -> None:
        self._tiles, self._end = {}, None


def _distance(region: Region, focus: Index | None) -> float:
    """Return the squared distance of a region's middle from the focus."""
    at = focus or region.start
    return sum(((a + b - 1) / 2 - f) ** 2 for a, b, f in zip(region.start, region.stop, at, strict=True))
