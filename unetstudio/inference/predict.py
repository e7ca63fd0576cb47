"""Predicting a scan: tile after tile from the focus outward, in memory that follows the tile and not the scan."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.region import Index, Region
from unetstudio.data.scan import Scan
from unetstudio.errors import OutOfMemory
from unetstudio.inference.blending import Blend
from unetstudio.inference.events import CasePredicted, PredictionEvent, TilePredicted
from unetstudio.inference.overlap_tile import TileGrid
from unetstudio.inference.predictor import Predictor
from unetstudio.inference.resampled import ResampledScan, bring_back
from unetstudio.networks.device import free_bytes, free_memory, is_out_of_memory

TILE_SECONDS = 0.1
"""How long a tile should take on screen, so that a job can be stopped, or training go on, between two ..."""

FINAL_SECONDS = 0.8
"""... and where nobody looks: still stopped within a second."""

TILE_VALUES = 2**26
"""Most values of a tile in the network's first layer, voxels times channels, whatever the speed: measured to take about 1.4 GB."""

BYTES_PER_VALUE = 24
"""Memory of a tile over that number."""


def predict(
    predictor: Predictor,
    scan: Scan,
    case: str,
    *,
    region: Region | None = None,
    focus: Index | None = None,
    tile: int = 0,
    skip: Callable[[Region], bool] | None = None,
    tta: bool = False,
    rows: bool = False,
    tile_seconds: float = TILE_SECONDS,
) -> Generator[PredictionEvent, None, None]:
    """Yields a TilePredicted for each tile and a CasePredicted at the end; can be closed between any two. Where a network is not `exact`,
    tiles are blended, and each also yields again what it changes of those before it.

    `region` restricts it to a part of the scan, such as what is on screen, and `focus` (z, y, x) is where it begins; with `rows` it goes
    through the scan row by row instead, and remembers no more of it than the row before. `tile` is the edge of the cores, 0 for what
    takes about `tile_seconds` seconds: halos are less of the work of larger tiles. `skip` says of a region that it need not be predicted.
    When memory runs out, tiles are cut in halves; OutOfMemory when the smallest does not fit.

    A scan of another voxel size than the network's is predicted as that would see it, see `resampled.py`; nothing of it can be skipped.
    """
    whole = Region.whole(scan.shape)
    wanted = whole if region is None else region & whole
    focus = focus or _middle(wanted)
    view = None if wanted.empty else predictor.view(scan)
    if view is None:
        yield from _predict(predictor, scan, case, wanted, focus, tile, skip, tta, rows, tile_seconds)
        return
    tiles = _predict(predictor, view, case, view.seen(wanted), view.at(focus), tile, None, tta, rows, tile_seconds)
    yield from bring_back(tiles, view, wanted, reach=predictor.grid(view).halo, in_order=rows)


def _predict(
    predictor: Predictor,
    scan: Scan | ResampledScan,
    case: str,
    wanted: Region,
    focus: Index,
    tile: int,
    skip: Callable[[Region], bool] | None,
    tta: bool,
    rows: bool,
    tile_seconds: float,
) -> Generator[PredictionEvent, None, None]:
    """`predict` in the voxels that the network sees."""
    start = time.perf_counter()
    grid = predictor.grid(scan)
    cores = grid.cores(wanted, _core_size(predictor, grid, wanted, tile, tile_seconds, tta), focus)
    queue = deque(_sorted(cores) if rows else cores)
    blend = None if predictor.network.exact else Blend(grid.halo, in_order=rows)
    done = 0
    while queue:
        core = queue.popleft()
        inside = core & wanted
        done += 1
        if skip is not None and skip(inside):
            continue
        parts = _try(predictor, scan, grid, core, inside, blend, tta)
        if parts is None:
            free_memory(predictor.precision.device)
            halves = _halved(grid, [core, *queue])
            queue = deque(_sorted(halves) if rows else halves)
            done -= 1
            continue
        for where, part in parts:
            yield TilePredicted(case, where, part, predictor.values, predictor.checkpoint, done, done + len(queue))
    yield CasePredicted(case, predictor.checkpoint, time.perf_counter() - start, wanted == Region.whole(scan.shape))


def usual_tile(predictor: Predictor, scan: Scan, tile_seconds: float = TILE_SECONDS, *, tta: bool = False) -> int:
    """The edge of the cores that `predict` chooses for all of a scan."""
    return _core_size(predictor, predictor.grid(scan), Region.whole(scan.shape), 0, tile_seconds, tta)[1]


def _core_size(predictor: Predictor, grid: TileGrid, wanted: Region, tile: int, tile_seconds: float, tta: bool) -> Index:
    if tile:
        return (1 if predictor.dims == 2 else tile, tile, tile)
    if wanted.empty:
        return grid.step
    values = min(TILE_VALUES, free_bytes(predictor.precision.device) // 4 // BYTES_PER_VALUE)
    try:
        speed = predictor.measure_speed()
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        speed = 0.0  # then the smallest tiles are tried
    views = predictor.views if tta else 1
    return grid.core_size(wanted, speed * tile_seconds / views, values // predictor.width)


def _try(
    predictor: Predictor, scan: Scan | ResampledScan, grid: TileGrid, core: Region, inside: Region, blend: Blend | None, tta: bool
) -> list[tuple[Region, NDArray[np.uint8]]] | None:
    """Probabilities of the part of a core that is wanted, and of what blending changes near it; None when memory ran out."""
    try:
        if blend is None:
            probabilities = predictor.probabilities(scan, grid, core, tta=tta)
            return [(inside, np.ascontiguousarray(probabilities[(slice(None), *inside.within(core))]))]
        return list(blend.add(inside, *predictor.tile(scan, grid, core, tta=tta)))
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        return None


def _sorted(cores: list[Region]) -> list[Region]:
    """Slice after slice, row after row."""
    return sorted(cores, key=lambda core: core.start)


def _halved(grid: TileGrid, cores: list[Region]) -> list[Region]:
    """All cores cut in two, those that cannot be as they are; OutOfMemory when the first is one of them."""
    if not grid.halves(cores[0]):
        raise OutOfMemory("Memory does not suffice for even the smallest tile; close other programs, or train a smaller network.")
    return [half for core in cores for half in grid.halves(core) or [core]]


def _middle(region: Region) -> Index:
    z, y, x = ((a + b) // 2 for a, b in zip(region.start, region.stop, strict=True))
    return (z, y, x)
