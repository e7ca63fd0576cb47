"""Scans at the voxel size that a network was trained on, and its predictions mapped back onto the scans' own voxels.

Nothing is resampled as a whole: a region of the resampled scan is read from the part of the scan under it, and a tile's probabilities
become those of the scan's voxels under it. Scan voxels between two neighbouring tiles are provisional until both tiles are predicted, and
are yielded again then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.geometry import Geometry, Spacing
from unetstudio.data.mirrored import mirror
from unetstudio.data.region import Index, Region
from unetstudio.data.scan import Scan
from unetstudio.errors import CheckpointError
from unetstudio.inference.events import CasePredicted, PredictionEvent, TilePredicted

SAME = 0.02
"""Largest relative difference of voxel sizes that count as the same."""

FURTHEST = 20.0
"""Ratio of voxel sizes beyond which one of the files must be wrong."""

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Ratio = tuple[float, float, float]


def can_be(ratio: Ratio) -> bool:
    """Whether the ratio of an image's voxel size to a network's is plausible."""
    return all(1 / FURTHEST <= r <= FURTHEST for r in ratio)


def ratio_of(geometry: Geometry, target: Spacing | None, dims: int) -> Ratio:
    """Return how many of a scan's voxels (z, y, x) make one of `target` mm; ones where sizes are the same or unknown.

    For a 2D network the distance of slices stays as it is.
    """
    if target is None or geometry.spacing is None:
        return (1.0, 1.0, 1.0)
    z, y, x = (1.0 if axis < 3 - dims else t / s for axis, (t, s) in enumerate(zip(target, geometry.spacing, strict=True)))
    return (1.0, 1.0, 1.0) if all(abs(r - 1) <= SAME for r in (z, y, x)) else (z, y, x)


def shape_at(shape: Index, ratio: Ratio) -> Index:
    """Return (Z, Y, X) of a scan of `shape` in voxels that are `ratio` of its own."""
    z, y, x = (max(1, round(n / r)) for n, r in zip(shape, ratio, strict=True))
    return (z, y, x)


def zoom_of(ratio: Ratio) -> float:
    """Return the in-plane width of a resampled pixel in the scan's own pixels."""
    return float(np.sqrt(ratio[1] * ratio[2]))


def in_mm(spacing: Spacing) -> str:
    """Format a voxel size: "3 x 0.5 x 0.5 mm" (z, y, x)."""
    return f"{' x '.join(f'{n:.3g}' for n in spacing)} mm"


@dataclass(frozen=True, eq=False)
class ResampledScan:
    """A `scan` in voxels that are `ratio` of its own (z, y, x); both share a corner, and coordinates are those of voxel centres."""

    scan: Scan
    ratio: Ratio

    @classmethod
    def of(cls, scan: Scan, target: Spacing | None, dims: int) -> ResampledScan | None:
        """Resample a scan to `target` mm; None where it is predicted as it is. Raise CheckpointError for an implausible voxel size."""
        ratio = ratio_of(scan.geometry, target, dims)
        if ratio == (1.0, 1.0, 1.0) or target is None or scan.geometry.spacing is None:
            return None
        if not can_be(ratio):
            raise CheckpointError(
                f"{scan.name or 'The image'} has voxels of {in_mm(scan.geometry.spacing)} by its file, and the checkpoint was trained on "
                f"{in_mm(target)}: correct the voxel size in the file, or train with resampling switched off."
            )
        return cls(scan, ratio)

    @property
    def shape(self) -> Index:
        """The shape (Z, Y, X) in resampled voxels."""
        return shape_at(self.scan.shape, self.ratio)

    @property
    def words(self) -> str:
        """A description of the resampling for the user."""
        own = self.scan.geometry.spacing_or_one
        z, y, x = (s * r for s, r in zip(own, self.ratio, strict=True))
        return f"resampled from {in_mm(own)} to the {in_mm((z, y, x))} that the network knows (z, y, x), and its mask brought back."

    def at(self, place: Index) -> Index:
        """Return the resampled voxel in which a voxel of the scan lies."""
        z, y, x = (int(np.clip((p + 0.5) // r, 0, n - 1)) for p, r, n in zip(place, self.ratio, self.shape, strict=True))
        return (z, y, x)

    def places(self, region: Region) -> list[NDArray[np.float64]]:
        """Return the scan coordinates of a region's resampled voxels, axis by axis; mirrored at the borders."""
        bounds = zip(region.start, region.stop, self.shape, self.ratio, self.scan.shape, strict=True)
        return [np.clip((mirror(np.arange(a, b), size) + 0.5) * r - 0.5, 0, extent - 1) for a, b, size, r, extent in bounds]

    def around(self, places: list[NDArray[np.float64]]) -> Region:
        """Return the region of the scan that holds all places and their neighbours."""
        z0, y0, x0 = (int(np.floor(at.min())) for at in places)
        z1, y1, x1 = (min(extent, int(np.floor(at.max())) + 2) for at, extent in zip(places, self.scan.shape, strict=True))
        return Region((z0, y0, x0), (z1, y1, x1))

    def seen(self, region: Region) -> Region:
        """Return the resampled region from which a region of the scan is interpolated."""
        low, high = [], []
        for a, b, r, size in zip(region.start, region.stop, self.ratio, self.shape, strict=True):
            low.append(int(np.clip(np.floor((a + 0.5) / r - 0.5), 0, size - 1)))
            high.append(int(np.clip(np.floor((b - 0.5) / r - 0.5) + 2, 1, size)))
        return Region((low[0], low[1], low[2]), (max(high[0], low[0]), max(high[1], low[1]), max(high[2], low[2])))

    def under(self, region: Region) -> Region:
        """Return the region of the scan that depends on a resampled region, and perhaps on its neighbours."""
        start, stop = [], []
        for a, b, r, size, extent in zip(region.start, region.stop, self.ratio, self.shape, self.scan.shape, strict=True):
            start.append(0 if a <= 0 else int(np.clip(np.floor((a - 0.5) * r - 0.5) + 1, 0, extent)))
            stop.append(extent if b >= size else int(np.clip(np.ceil((b + 0.5) * r - 0.5), 0, extent)))
        return Region((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))

    def back(self, content: NDArray[Any], held: Region, region: Region) -> Floats:
        """Interpolate `content` (K, Z, Y, X of the resampled `held`) linearly to float32 (K, Z, Y, X of `region` in the scan)."""
        bounds = zip(region.start, region.stop, self.ratio, self.shape, held.start, strict=True)
        places = [np.clip((np.arange(a, b) + 0.5) / r - 0.5, 0, size - 1) - first for a, b, r, size, first in bounds]
        return interpolated(content, places)


def bring_back(
    events: Iterable[PredictionEvent], view: ResampledScan, region: Region, *, reach: Index, in_order: bool = False
) -> Iterator[PredictionEvent]:
    """Convert resampled tiles to those of a region of the scan. A tile may change voxels up to `reach` before its start; with
    `in_order` tiles come sorted by their start, and those that no later one needs are dropped."""
    pieces: list[tuple[Region, Bytes]] = []
    for event in events:
        if isinstance(event, CasePredicted):
            yield replace(event, whole=region == Region.whole(view.scan.shape))
            continue
        if in_order:
            pieces = [piece for piece in pieces if not _passed(piece[0], event.region, reach, flat=not reach[0] and view.ratio[0] == 1)]
        pieces.append((event.region, event.probabilities))
        under = view.under(event.region) & region
        if not under.empty:
            held = view.seen(under)
            probabilities = view.back(_filled(held, event, pieces), held, under)
            yield replace(event, region=under, probabilities=(probabilities + 0.5).astype(np.uint8))


def _passed(piece: Region, now: Region, reach: Index, *, flat: bool) -> bool:
    """Whether neither `now` nor a later tile can touch a piece; `flat` where slices are independent."""
    if flat and piece.start[0] <= now.start[0]:
        return piece.stop[0] <= now.start[0] or piece.stop[1] < now.start[1] - reach[1]
    return piece.stop[0] < now.start[0] - reach[0]


def _filled(held: Region, event: TilePredicted, pieces: Iterable[tuple[Region, Bytes]]) -> Bytes:
    """Assemble (K, Z, Y, X of `held`) from all predicted pieces, newest on top, with the tile's edge repeated where there is none yet."""
    filled = event.probabilities
    for axis in range(3):
        at = np.arange(held.start[axis], held.stop[axis]) - event.region.start[axis]
        filled = filled.take(at.clip(0, event.region.shape[axis] - 1), axis=axis + 1)
    for region, content in pieces:
        part = region & held
        if not part.empty:
            filled[(slice(None), *part.within(held))] = content[(slice(None), *part.within(region))]
    return filled


def interpolated(content: NDArray[Any], places: Iterable[NDArray[np.float64]]) -> Floats:
    """Interpolate (C, Z', Y', X') linearly at places, axis by axis, to (C, Z, Y, X) float32; border voxels repeat beyond."""
    values = content.astype(np.float32, copy=False)
    for axis, at in enumerate(places, start=1):
        size = values.shape[axis]
        below = np.clip(np.floor(at).astype(np.int64), 0, size - 1)
        share = (np.clip(at, 0, size - 1) - below).astype(np.float32).reshape([-1 if n == axis else 1 for n in range(4)])
        low = values.take(below, axis=axis)
        values = low + share * (values.take(np.minimum(below + 1, size - 1), axis=axis) - low) if share.any() else low
    return values
