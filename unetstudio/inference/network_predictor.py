"""Prediction by a network, tile by tile from the focus outward, in memory that depends on the tile and not on the scan."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.geometry import Spacing
from unetstudio.data.intensity import Intensity
from unetstudio.data.quantity import count_text
from unetstudio.data.region import Index, Region
from unetstudio.data.scan import Scan
from unetstudio.errors import CheckpointError, OutOfMemory
from unetstudio.inference.attention import attend
from unetstudio.inference.blending import Blend
from unetstudio.inference.comparison import compare_sizes, in_sentences
from unetstudio.inference.events import AttentionMapped, CasePredicted, EngineChosen, PredictionEvent, TilePredicted
from unetstudio.inference.overlap_tile import TileGrid
from unetstudio.inference.request import FINAL_SECONDS, PredictionRequest
from unetstudio.inference.resampled import ResampledScan, bring_back
from unetstudio.inference.resumption import Resumption
from unetstudio.inference.tile_network import IntensityScale, TileNetwork
from unetstudio.networks import checkpoint as checkpoints
from unetstudio.networks.device import Precision, choose_device, free_bytes, free_memory, is_out_of_memory
from unetstudio.networks.network import Network
from unetstudio.networks.precision_choice import choose_precision

TILE_VALUES = 2**26
"""Largest number of values (voxels times channels) of a tile in the network's first layer: measured to take about 1.4 GB."""

BYTES_PER_VALUE = 24
"""Bytes of memory of a tile per value in the first layer."""


class NetworkPredictor:
    """A `Predictor` that evaluates a network tile by tile; `tiles` predicts a single one.

    `mirrored` and `turned` say whether the network has learnt images that were mirrored, and turned by 90 degrees. Scans are resampled
    to `spacing` mm (z, y, x) where it is given; `learnt_spacing` is that of the training images.
    """

    def __init__(
        self,
        network: Network,
        intensity: IntensityScale,
        values: tuple[int, ...],
        checkpoint: str = "",
        precision: Precision | None = None,
        spacing: Spacing | None = None,
        *,
        mirrored: bool = False,
        turned: bool = False,
        learnt_spacing: Spacing | None = None,
    ) -> None:
        self.tiles = TileNetwork(network, intensity, precision, spacing, turned=turned)
        self.values = values
        self.checkpoint = checkpoint
        self.mirrored = mirrored
        self.learnt_spacing = learnt_spacing

    @classmethod
    def load(cls, path: Path, device: str = "auto", precision: Precision | None = None) -> NetworkPredictor:
        """Load a checkpoint from disk. Raise the UserErrors of `networks.checkpoint.load` and `networks.device.choose_device`."""
        card, network = checkpoints.load(path)
        number_format = precision or choose_precision(choose_device(device, card.dims), card.dims, card.precision)
        intensity = Intensity.from_json(card.intensity)
        if intensity.channels_out(intensity.channels) != network.config.in_channels:
            raise CheckpointError(f"{path.name} names another intensity scale than its network takes; it was altered or is damaged.")
        values, learnt = card.classes.values, {"mirrored": card.mirrored, "turned": card.turned}
        return cls(network, intensity, values, card.id, number_format, card.target, learnt_spacing=card.spacing, **learnt)

    @property
    def network(self) -> Network:
        """The network, in evaluation mode."""
        return self.tiles.network

    def check(self, scan: Scan, name: str) -> None:
        """Raise CheckpointError, with the `name` of the image, when its number of channels is not that the network was trained on."""
        trained = self.tiles.intensity.channels
        if scan.channels != trained:
            raise CheckpointError(
                f"{name}: the image has {count_text(scan.channels, 'channel')}, the checkpoint was trained on {trained}; convert the image."
            )

    def remark(self, scan: Scan) -> str:
        """Describe how a scan is resampled and adapted, and how it differs from what was learnt; "" where it is predicted as it is.

        Raise CheckpointError for an implausible voxel size.
        """
        view = self.tiles.resampled(scan)
        return in_sentences("" if view is None else view.words, self.differences(scan))

    def differences(self, scan: Scan) -> str:
        """Describe how a scan differs from what was learnt, and what is done about it; "" where it does not."""
        tiles, size = self.tiles, ""
        if tiles.resampled(scan) is None:
            size = compare_sizes(scan.geometry.spacing, self.learnt_spacing, tiles.dims, resamples=tiles.spacing is not None)
        return in_sentences(size, tiles.intensity.adaptation(scan).words)

    def prepare(self, scan: Scan, images: int, engine: str, *, tta: bool) -> EngineChosen:
        """Choose the engine on the middle of this scan, for `images` scans of its size. Raise UserError for one that is not available."""
        slices, rows, columns = scan.shape
        work = slices * rows * columns * images * (self.tiles.tta_passes if tta else 1)
        choice = self.tiles.select_engine(scan, work, engine)
        return EngineChosen(choice.name, choice.words)

    def tile_edge(self, scan: Scan, *, tta: bool) -> int:
        """Return the default edge of the tile cores in a final prediction of a scan."""
        request = PredictionRequest("", tta=tta, tile_seconds=FINAL_SECONDS)
        return self._core_size(self.tiles.grid(scan), Region.whole(scan.shape), request)[1]

    def can_resume(self, scan: Scan) -> bool:
        """Return whether the scan is not resampled: the regions yielded for a resampled scan are not tile cores."""
        return self.tiles.resampled(scan) is None

    def predict(self, scan: Scan, request: PredictionRequest) -> Generator[PredictionEvent, None, None]:
        """Predict as `Predictor.predict` says. Where a network is not `exact`, tiles are blended, and each also yields again the parts of
        earlier tiles that it changes. When memory runs out, tiles are halved.

        A scan of another voxel size than the network's is resampled to it, see `resampled.py`.
        """
        whole = Region.whole(scan.shape)
        target = whole if request.region is None else request.region & whole
        focus = request.focus or _middle(target)
        view = None if target.empty else self.tiles.resampled(scan)
        if view is None:
            yield from self._predict_tiles(scan, target, focus, request)
            return
        events = self._predict_tiles(view, view.seen(target), view.at(focus), replace(request, done=frozenset()))
        yield from bring_back(events, view, target, reach=self.tiles.grid(view).halo, in_order=request.row_order)

    def attend(self, scan: Scan, request: PredictionRequest) -> Generator[AttentionMapped | None, None, None]:
        """Yield the attention map; nothing for a network without attention gates."""
        return attend(self.tiles, scan, request, self.checkpoint)

    def _predict_tiles(
        self, scan: Scan | ResampledScan, target: Region, focus: Index, request: PredictionRequest
    ) -> Generator[PredictionEvent, None, None]:
        """Predict a region of a scan that has the network's voxel size."""
        start = time.perf_counter()
        exact, grid, whole = self.tiles.exact, self.tiles.grid(scan), Region.whole(scan.shape)
        tile_cores = _ordered(grid.tile_cores(target, self._core_size(grid, target, request), focus), request)
        inside = (tile_core & target for tile_core in tile_cores)
        resumption = Resumption.of(request.done, inside, grid.halo, exact=exact, volume=scan.shape[0] > 1)
        blend = None if exact else Blend(grid.halo, in_order=request.row_order)
        queue, done = deque(tile_cores), 0
        while queue:
            tile_core = queue.popleft()
            if resumption.skips(tile_core & target):
                done += 1
                continue
            parts = self._parts(scan, grid, tile_core, target, blend, tta=request.tta)
            if parts is None:
                free_memory(self.tiles.precision.device)
                queue = deque(_ordered(_halved(grid, [tile_core, *queue]), request))
                continue
            done += 1
            for region, probabilities in parts:
                if resumption.keeps(region):
                    yield TilePredicted(request.case, region, probabilities, self.values, self.checkpoint, done, done + len(queue))
        yield CasePredicted(request.case, self.checkpoint, time.perf_counter() - start, target == whole)

    def _core_size(self, grid: TileGrid, target: Region, request: PredictionRequest) -> Index:
        """Choose the extents (z, y, x) of tile cores: those of the request, or such that a tile takes about its `tile_seconds`."""
        if request.tile_edge:
            return (1 if self.tiles.dims == 2 else request.tile_edge, request.tile_edge, request.tile_edge)
        if target.empty:
            return grid.step
        values = min(TILE_VALUES, free_bytes(self.tiles.precision.device) // 4 // BYTES_PER_VALUE)
        try:
            speed = self.tiles.measure_speed()
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            speed = 0.0  # then the smallest tiles are tried
        passes = self.tiles.tta_passes if request.tta else 1
        return grid.core_size(target, speed * request.tile_seconds / passes, values // self.tiles.first_channels)

    def _parts(
        self, scan: Scan | ResampledScan, grid: TileGrid, tile_core: Region, target: Region, blend: Blend | None, *, tta: bool
    ) -> list[tuple[Region, NDArray[np.uint8]]] | None:
        """Predict the `target` part of a tile core, and the parts near it that blending changes; None when memory ran out."""
        inside = tile_core & target
        try:
            if blend is not None:
                return list(blend.add(inside, *self.tiles.predict_tile(scan, grid, tile_core, tta=tta)))
            probabilities = self.tiles.predict_core(scan, grid, tile_core, tta=tta)
            return [(inside, np.ascontiguousarray(probabilities[(slice(None), *inside.within(tile_core))]))]
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            return None


def _ordered(tile_cores: Iterable[Region], request: PredictionRequest) -> list[Region]:
    """Sort tile cores slice by slice and row by row if the request says so; otherwise keep their order."""
    return sorted(tile_cores, key=lambda tile_core: tile_core.start) if request.row_order else list(tile_cores)


def _halved(grid: TileGrid, tile_cores: list[Region]) -> list[Region]:
    """Cut tile cores in two, leaving those that cannot be cut; raise OutOfMemory when the first is one of them."""
    if not grid.halves(tile_cores[0]):
        raise OutOfMemory("Memory does not suffice for even the smallest tile; close other programs, or train a smaller network.")
    return [half for tile_core in tile_cores for half in grid.halves(tile_core) or [tile_core]]


def _middle(region: Region) -> Index:
    z, y, x = ((a + b) // 2 for a, b in zip(region.start, region.stop, strict=True))
    return (z, y, x)
