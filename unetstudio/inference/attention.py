"""Attention maps: how far a network's attention gates are open over a region of a scan, stretched for display."""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.inference.events import AttentionMapped
from unetstudio.inference.request import PredictionRequest
from unetstudio.inference.tile_network import TileNetwork

TILE = 256, 48
"""Edge of a tile's core in voxels, in 2D and 3D."""

DARK, BRIGHT = 1.0, 99.0
"""Percentiles of the gate values that become 0 and 255: gates differ little in absolute terms."""


@runtime_checkable
class Gated(Protocol):
    """A network with attention gates on its skips."""

    def attention_maps(self, x: Tensor) -> list[Tensor]:
        """Return (N, 1, ...) at the size of `x` for each gated skip, finest first: 0 is held back, 1 is let through."""


def attend(tiles: TileNetwork, scan: Scan, request: PredictionRequest, checkpoint: str) -> Generator[AttentionMapped | None, None, None]:
    """Yield None after each tile and the map of the whole region at the end; yield nothing for a network without gates.

    The map is that of the finest gated skip: the image detail that reaches the layers where borders are drawn.
    """
    whole = Region.whole(scan.shape)
    target = whole if request.region is None else whole & request.region
    network = tiles.network
    if not isinstance(network, Gated) or target.empty:
        return
    view = tiles.resampled(scan)
    focus = request.focus or target.start
    part, focus = (target, focus) if view is None else (view.seen(target), view.at(focus))
    grid, edge = tiles.grid(view or scan), TILE[tiles.dims - 2]
    openings = np.zeros(part.shape, np.float16)
    for tile_core in grid.tile_cores(part, (1 if tiles.dims == 2 else edge, edge, edge), focus):
        input_region, inside = grid.input(tile_core), tile_core & part
        opening = _opening(network, tiles, tiles.channels(view or scan, input_region))
        openings[inside.within(part)] = opening[inside.within(input_region)]
        yield None
    if view is not None:
        openings = view.back(openings[None], part, target)[0].astype(np.float16)
    low, high = (float(value) for value in np.percentile(openings.astype(np.float32), (DARK, BRIGHT)))
    spread = (openings.astype(np.float32) - low) / max(high - low, 1e-3)
    yield AttentionMapped(request.case, target, (spread.clip(0, 1) * 255).astype(np.uint8), low, high, checkpoint)


def _opening(network: Gated, tiles: TileNetwork, channels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the finest gate (Z, Y, X), 0 closed to 1 open, for input channels (C', Z, Y, X)."""
    batch = torch.from_numpy(np.ascontiguousarray(channels))
    batch = batch.transpose(0, 1) if tiles.dims == 2 else batch[None]  # 2D: (Z, C', Y, X), slices as the batch
    with tiles.precision.autocast():
        finest = network.attention_maps(tiles.precision.place(batch))[0]  # (N, 1, [Z,] Y, X)
    return np.asarray(finest.float()[:, 0].cpu().numpy() if tiles.dims == 2 else finest.float()[0, 0].cpu().numpy())
