"""Where a network looked: how far its attention gates are open over a part of a scan, made ready for the eye."""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unetstudio.data.region import Index, Region
from unetstudio.data.scan import Scan
from unetstudio.inference.events import AttentionMapped
from unetstudio.inference.predictor import Predictor

TILE = 256, 48
"""Edge of a tile's core in voxels, in 2D and 3D."""

DARK, BRIGHT = 1.0, 99.0
"""Percentiles of the opening that become 0 and 255: gates differ little in absolute terms, and the eye needs the difference."""


@runtime_checkable
class Gated(Protocol):
    """A network with attention gates on its skips."""

    def attention_maps(self, x: Tensor) -> list[Tensor]:
        """(N, 1, ...) as large as `x` for each gated skip, the finest first: 0 is held back, 1 is let through."""


def attend(predictor: Predictor, scan: Scan, case: str, region: Region, focus: Index) -> Generator[AttentionMapped | None, None, None]:
    """Yields None after each tile, and the map of the whole region at the end; nothing for a network without gates.

    It is that of the finest gated skip: what of the detail in the image the network lets through to where it draws borders.
    """
    wanted = Region.whole(scan.shape) & region
    network = predictor.network
    if not isinstance(network, Gated) or wanted.empty:
        return
    view = predictor.view(scan)
    part, focus = (wanted, focus) if view is None else (view.seen(wanted), view.at(focus))
    grid, edge = predictor.grid(view or scan), TILE[predictor.dims - 2]
    openings = np.zeros(part.shape, np.float16)
    for core in grid.cores(part, (1 if predictor.dims == 2 else edge, edge, edge), focus):
        seen, inside = grid.input(core), core & part
        found = _openings(network, predictor, predictor.channels(view or scan, seen))
        openings[inside.within(part)] = found[inside.within(seen)]
        yield None
    if view is not None:
        openings = view.back(openings[None], part, wanted)[0].astype(np.float16)
    low, high = (float(value) for value in np.percentile(openings.astype(np.float32), (DARK, BRIGHT)))
    spread = (openings.astype(np.float32) - low) / max(high - low, 1e-3)
    yield AttentionMapped(case, wanted, (spread.clip(0, 1) * 255).astype(np.uint8), low, high, predictor.checkpoint)


def _openings(network: Gated, predictor: Predictor, channels: NDArray[np.float32]) -> NDArray[np.float32]:
    """(Z, Y, X), 0 closed to 1 open, from input channels (C', Z, Y, X)."""
    batch = torch.from_numpy(np.ascontiguousarray(channels))
    batch = batch.transpose(0, 1) if predictor.dims == 2 else batch[None]  # 2D: (Z, C', Y, X), slices as the batch
    with predictor.precision.autocast():
        finest = network.attention_maps(predictor.precision.place(batch))[0]  # (N, 1, [Z,] Y, X)
    return np.asarray(finest.float()[:, 0].cpu().numpy() if predictor.dims == 2 else finest.float()[0, 0].cpu().numpy())
