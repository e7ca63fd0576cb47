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
from unetstudio.inference.overlap_tile import Lattice
from unetstudio.inference.predictor import Predictor
from unetstudio.inference.resampled import View, bring_back
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
    flips: bool = False,
    rows: bool = False,
    patience: float = TILE_SECONDS,
) -> Generator[PredictionEvent, None, None]:
    """Yields a TilePredicted for each tile and a CasePredicted at the end; can be closed between any two. Where a network is not `exact`,
    tiles are blended, and each also yields again what it changes of those before it.

    `region` restricts it to a part of the scan, such as what is on screen, and `focus` (z, y, x) is where it begins; with `rows` it goes
    through the scan row by row instead, and remembers no more of it than the row before. `tile` is the edge of the cores, 0 for what
    takes about `patience` seconds: halos are less of the work of larger tiles. `skip` says of a region that it need not be predicted.
    When memory runs out, tiles are cut in halves; OutOfMemory when the smallest does not fit.

    A scan of another voxel size than the network's is predicted as that would see it, see `resampled.py`; nothing of it can be skipped.
    """
    whole = Region.whole(scan.shape)
    wanted = whole if region is None else region & whole
    focus = focus or _middle(wanted)
    view = None if wanted.empty else predictor.view(scan)
    if view is None:
        yield from _predict(predictor, scan, case, wanted, focus, tile, skip, flips, rows, patience)
        return
    tiles = _predict(predictor, view, case, view.seen(wanted), view.at(focus), tile, None, flips, rows, patience)
    yield from bring_back(tiles, view, wanted, reach=predictor.lattice(view).halo, in_order=rows)


def _predict(
    predictor: Predictor,
    scan: Scan | View,
    case: str,
    wanted: Region,
    focus: Index,
    tile: int,
    skip: Callable[[Region], bool] | None,
    flips: bool,
    rows: bool,
    patience: float,
) -> Generator[PredictionEvent, None, None]:
    """`predict` in the voxels that the network sees."""
    start = time.perf_counter()
    lattice = predictor.lattice(scan)
    cores = lattice.cores(wanted, _core_size(predictor, lattice, wanted, tile, patience, flips), focus)
    queue = deque(_sorted(cores) if rows else cores)
    blend = None if predictor.network.exact else Blend(lattice.halo, in_order=rows)
    done = 0
    while queue:
        core = queue.popleft()
        inside = core & wanted
        done += 1
        if skip is not None and skip(inside):
            continue
        parts = _try(predictor, scan, lattice, core, inside, blend, flips)
        if parts is None:
            free_memory(predictor.precision.device)
            halves = _halved(lattice, [core, *queue])
            queue = deque(_sorted(halves) if rows else halves)
            done -= 1
            continue
        for where, part in parts:
            yield TilePredicted(case, where, part, predictor.values, predictor.checkpoint, done, done + len(queue))
    yield CasePredicted(case, predictor.checkpoint, time.perf_counter() - start, wanted == Region.whole(scan.shape))


def usual_tile(predictor: Predictor, scan: Scan, patience: float = TILE_SECONDS, *, flips: bool = False) -> int:
    """The edge of the cores that `predict` chooses for all of a scan."""
    return _core_size(predictor, predictor.lattice(scan), Region.whole(scan.shape), 0, patience, flips)[1]


def _core_size(predictor: Predictor, lattice: Lattice, wanted: Region, tile: int, patience: float, flips: bool) -> Index:
    if tile:
        return (1 if predictor.dims == 2 else tile, tile, tile)
    if wanted.empty:
        return lattice.step
    values = min(TILE_VALUES, free_bytes(predictor.precision.device) // 4 // BYTES_PER_VALUE)
    try:
        speed = predictor.measure_speed()
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        speed = 0.0  # then the smallest tiles are tried
    views = predictor.views if flips else 1
    return lattice.core_size(wanted, speed * patience / views, values // predictor.width)


def _try(
    predictor: Predictor, scan: Scan | View, lattice: Lattice, core: Region, inside: Region, blend: Blend | None, flips: bool
) -> list[tuple[Region, NDArray[np.uint8]]] | None:
    """Probabilities of the part of a core that is wanted, and of what blending changes near it; None when memory ran out."""
    try:
        if blend is None:
            probabilities = predictor.probabilities(scan, lattice, core, flips=flips)
            return [(inside, np.ascontiguousarray(probabilities[(slice(None), *inside.within(core))]))]
        return list(blend.add(inside, *predictor.tile(scan, lattice, core, flips=flips)))
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        return None


def _sorted(cores: list[Region]) -> list[Region]:
    """Slice after slice, row after row."""
    return sorted(cores, key=lambda core: core.start)


def _halved(lattice: Lattice, cores: list[Region]) -> list[Region]:
    """All cores cut in two, those that cannot be as they are; OutOfMemory when the first is one of them."""
    if not lattice.halves(cores[0]):
        raise OutOfMemory("Memory does not suffice for even the smallest tile; close other programs, or train a smaller network.")
    return [half for core in cores for half in lattice.halves(core) or [core]]


def _middle(region: Region) -> Index:
    z, y, x = ((a + b) // 2 for a, b in zip(region.start, region.stop, strict=True))
    return (z, y, x)
