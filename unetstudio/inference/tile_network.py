"""The prediction of one tile by a network: from stored voxels to class probabilities, with test-time augmentation (TTA)."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unetstudio.data.adaptation import Adaptation
from unetstudio.data.geometry import Spacing
from unetstudio.data.mirrored import read_mirrored
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.inference.engine import KEPT_SHAPES, KEPT_SHAPES_TTA, Engine, EngineChoice, choose_engine
from unetstudio.inference.overlap_tile import TileGrid
from unetstudio.inference.resampled import ResampledScan, interpolated, zoom_of
from unetstudio.networks.device import Precision
from unetstudio.networks.network import Network, compute_window
from unetstudio.networks.output_window import Window

LEAST_SECONDS = 30.0
"""Seconds of work from which faster engines are tried: converting and comparing takes five to ten seconds."""

PROBE_EXTENT = 384, 64
"""Largest extent in voxels of the part of a scan on which engines are compared, in 2D and 3D."""


class IntensityScale(Protocol):
    """The conversion of stored voxel values of scans with `channels` to input channels; with `margin` pixels of context in y and x, a
    region converts as it would in the whole."""

    @property
    def channels(self) -> int: ...

    @property
    def margin(self) -> int: ...

    def prepare(self, voxels: NDArray[Any]) -> NDArray[np.float32]: ...

    def of(self, scan: Scan) -> IntensityScale: ...

    def adaptation(self, scan: Scan) -> Adaptation: ...

    def resampled(self, zoom: float) -> IntensityScale: ...


class TileNetwork:
    """A network in evaluation mode with the intensity scale that it was trained on, on a device and in a number format.

    `turned` says whether it has learnt images turned by 90 degrees. Scans are resampled to `spacing` mm (z, y, x) where it is given.
    """

    def __init__(
        self,
        network: Network,
        intensity: IntensityScale,
        precision: Precision | None = None,
        spacing: Spacing | None = None,
        *,
        turned: bool = False,
    ) -> None:
        self.spacing = spacing
        self.precision = precision or Precision(torch.device("cpu"))
        self.network = self.precision.place(network).eval()
        self.intensity = intensity
        self.turned = turned
        self.speed = 0.0  # in `TileGrid.work` a second, 0 until measured
        self.engine: Engine | None = None  # None is PyTorch
        self._scaled: tuple[Scan, IntensityScale] | None = None
        self._blank_blocks: dict[tuple[float, ...], NDArray[np.uint8]] = {}  # predictions of tiles of a single value

    @property
    def dims(self) -> int:
        """The number of dimensions: 2 (slice by slice) or 3."""
        return self.network.config.dims

    @property
    def exact(self) -> bool:
        """Whether a tile gives the result of the whole scan; otherwise tiles must be blended."""
        return self.network.exact

    @property
    def tta_passes(self) -> int:
        """Number of images that `tta` averages over: mirrored along every axis, and in 2D also turned by 90 degrees if that was learnt."""
        mirrored = 4 if self.dims == 2 else 8
        return 2 * mirrored if self._turns else mirrored

    @property
    def _turns(self) -> bool:
        return self.turned and self.dims == 2 and len(set(self.network.size_multiple)) == 1

    @property
    def first_channels(self) -> int:
        """Number of channels of the first layer, which determines the memory of an input voxel."""
        return int(next(self.network.parameters()).shape[0])

    def resampled(self, scan: Scan) -> ResampledScan | None:
        """Return the scan at the voxel size that the network learnt from; None where it has that size already. Raise CheckpointError for an
        implausible voxel size."""
        return ResampledScan.of(scan, self.spacing, self.dims)

    def grid(self, scan: Scan | ResampledScan) -> TileGrid:
        """Return the tile grid of the scan."""
        return TileGrid.of(self.network, scan.shape)

    def channels(self, scan: Scan | ResampledScan, region: Region) -> NDArray[np.float32]:
        """Prepare (C', Z, Y, X) float32 of a region that may reach beyond the scan, as if the whole had been prepared at once."""
        if isinstance(scan, ResampledScan):
            places = scan.places(region)
            under = scan.around(places)
            own = self.channels(scan.scan, under)
            return interpolated(own, [at - first for at, first in zip(places, under.start, strict=True)])
        scale = self._scale(scan)
        input_region = region.grown((0, scale.margin, scale.margin))
        return scale.prepare(read_mirrored(scan.voxels, input_region))[(slice(None), *region.within(input_region))]

    def _scale(self, scan: Scan) -> IntensityScale:
        """Return the intensity scale of a scan, cached from tile to tile."""
        if self._scaled is None or self._scaled[0] is not scan:
            scale, view = self.intensity.of(scan), self.resampled(scan)
            self._scaled = (scan, scale if view is None else scale.resampled(zoom_of(view.ratio)))
        return self._scaled[1]

    def select_engine(self, scan: Scan, voxels: float, requested: str = "auto") -> EngineChoice:
        """Choose and use the engine for `voxels` input voxels of work, by a comparison on the middle of a scan.

        Raise UserError for an engine that is not available. With "auto" nothing is tried where there is too little work.
        """
        if requested == "auto" and voxels < LEAST_SECONDS * self.measure_speed():
            return EngineChoice(None, "torch", "PyTorch: too little to do to try quicker engines")
        grid, most = self.grid(scan), PROBE_EXTENT[self.dims - 2]
        edge = most // max(grid.step) * max(grid.step)
        size = (1 if self.dims == 2 else edge, edge, edge)
        middle = (scan.shape[0] // 2, scan.shape[1] // 2, scan.shape[2] // 2)
        tile_core = grid.tile_cores(Region.whole(scan.shape), size, middle)[0]
        input_region = grid.input(tile_core)
        window = self._window(tile_core.within(self._output(input_region)))
        repeats = max(1.0, voxels / grid.work(input_region, tile_core))
        choice = choose_engine(self.network, self.precision, self._batch(self.channels(scan, input_region)), window, requested, repeats)
        self.engine, self.speed = choice.engine, grid.work(input_region, tile_core) / choice.seconds if choice.seconds else 0.0
        self._blank_blocks.clear()
        return choice

    def predict_core(self, scan: Scan | ResampledScan, grid: TileGrid, tile_core: Region, *, tta: bool = False) -> NDArray[np.uint8]:
        """Predict (K, Z, Y, X of the tile core) uint8; `tta` takes `tta_passes` times as long."""
        return self._predict_part(scan, grid, tile_core, tile_core, tta)

    def predict_tile(
        self, scan: Scan | ResampledScan, grid: TileGrid, tile_core: Region, *, tta: bool = False
    ) -> tuple[Region, NDArray[np.uint8]]:
        """Predict a tile core with its halo; return the region of the network's output, and its (K, Z, Y, X) uint8."""
        output = self._output(grid.input(tile_core))
        return output, self._predict_part(scan, grid, tile_core, output, tta)

    def _output(self, input_region: Region) -> Region:
        """Return the output region of the network for the input region `seen`."""
        margin = (*(0,) * (3 - self.dims), *self.network.valid_margin)
        return Region(_add(input_region.start, margin), _add(input_region.stop, tuple(-n for n in margin)))

    def _predict_part(self, scan: Scan | ResampledScan, grid: TileGrid, tile_core: Region, target: Region, tta: bool) -> NDArray[np.uint8]:
        """Predict the `target` part of the network's output for a tile core with its halo."""
        start = time.perf_counter()
        input_region = grid.input(tile_core)
        channels = self.channels(scan, input_region)
        if self.exact and grid.surrounded(tile_core) and (values := _one_value(channels)) is not None:
            block = self._blank_block(values, grid, tta)  # target is the tile core, which begins on the grid
            times = (1, *(-(-n // step) for n, step in zip(target.shape, block.shape[1:], strict=True)))
            return np.tile(block, times)[(slice(None), *(slice(n) for n in target.shape))]
        content = as_bytes(self.predict_channels(channels, tta=tta, part=target.within(self._output(input_region)))).cpu().numpy()
        self.speed = grid.work(input_region, target) * (self.tta_passes if tta else 1) / max(time.perf_counter() - start, 1e-6)
        return content

    def _blank_block(self, values: tuple[float, ...], grid: TileGrid, tta: bool) -> NDArray[np.uint8]:
        """Predict (K, one step of the grid) for a single value in each channel: up-convolutions repeat from step to step, so a blank tile
        is made of such blocks."""
        if (*values, tta) not in self._blank_blocks:
            tile_core = Region((0, 0, 0), grid.step)
            input_region = grid.unclipped(tile_core)
            plain = np.array(values, np.float32).reshape(-1, 1, 1, 1)
            part = tile_core.within(self._output(input_region))
            block = self.predict_channels(np.broadcast_to(plain, (len(values), *input_region.shape)), tta=tta, part=part)
            self._blank_blocks[(*values, tta)] = as_bytes(block).cpu().numpy()
        return self._blank_blocks[(*values, tta)]

    @torch.inference_mode()
    def predict_channels(self, channels: NDArray[np.float32], *, tta: bool = False, part: tuple[slice, ...] | None = None) -> Tensor:
        """Return probabilities (K, Z', Y', X') float32 on the device, from input channels (C', Z, Y, X); smaller by the network's valid
        margin, or a `part` (z, y, x) of that: the rest is not computed where the network allows it."""
        batch = self._batch(channels)
        margin = (*(0,) * (3 - self.dims), *self.network.valid_margin)
        output = [size - 2 * m for size, m in zip(channels.shape[1:], margin, strict=True)]
        part = part or tuple(slice(0, n) for n in output)
        if self.engine is not None:
            self.engine.kept_shapes = KEPT_SHAPES_TTA[self.tta_passes] if tta else KEPT_SHAPES
        spatial, first = tuple(range(2, batch.dim())), self.dims - 1  # `first`: where z is, or would be
        mirrorings = [axes for n in range(len(spatial) + 1) for axes in itertools.combinations(spatial, n)] if tta else [()]
        total = self._forward(batch, self._window(part))
        for axes in mirrorings if tta and self._turns else ():
            total += self._forward(batch.flip(axes).mT, self._window(_flipped(part, output, axes, first))[::-1]).mT.flip(axes)
        for axes in mirrorings[1:]:
            total += self._forward(batch.flip(axes), self._window(_flipped(part, output, axes, first))).flip(axes)
        mean = total / self.tta_passes if tta else total
        return mean.transpose(0, 1)[:, part[0]] if self.dims == 2 else mean[0]

    def _window(self, part: Sequence[slice]) -> Window:
        """Return the bounds along the network's spatial axes: in 2D without z, whose slices are the batch."""
        return [(axis.start, axis.stop) for axis in part[3 - self.dims :]]

    def measure_speed(self) -> float:
        """Return the speed in input voxels a second: measured on the last tile, or on an empty one."""
        if not self.speed:
            shape = self.network.input_shape((128, 128) if self.dims == 2 else (32, 32, 32))
            empty = np.zeros((self.network.config.in_channels, *(1,) * (3 - len(shape)), *shape), np.float32)
            for _ in range(2):  # the first run includes set-up
                start = time.perf_counter()
                as_bytes(self.predict_channels(empty)).cpu()
                self.speed = empty[0].size / max(time.perf_counter() - start, 1e-6)
        return self.speed

    def _batch(self, channels: NDArray[np.float32]) -> Tensor:
        """Make the batch: in 2D (Z, C', Y, X), slices as the batch; in 3D (1, C', Z, Y, X)."""
        batch = torch.from_numpy(np.ascontiguousarray(channels))
        return batch.transpose(0, 1) if self.dims == 2 else batch[None]

    def _forward(self, batch: Tensor, window: Window) -> Tensor:
        """Compute (N, K, ...) float32 probabilities of a window; two classes by a sigmoid, which costs a fraction of a softmax."""
        if self.engine is not None:
            logits = compute_window(self.network, batch, window, self.engine)
        else:
            with self.precision.autocast():
                logits = compute_window(self.network, self.precision.place(batch), window).float()
        if logits.shape[1] != 2:
            return torch.softmax(logits, dim=1)
        second = torch.sigmoid(logits[:, 1] - logits[:, 0])
        return torch.stack((1 - second, second), dim=1)


def as_bytes(probabilities: Tensor) -> Tensor:
    """Convert 0..1 to 0..255, rounded."""
    return probabilities.mul(255).add_(0.5).to(torch.uint8)


def _flipped(part: Sequence[slice], extent: Sequence[int], axes: Sequence[int], first: int) -> list[slice]:
    """Mirror a part (z, y, x) of `extent` along `axes`, where z is axis `first`."""
    bounds = enumerate(zip(part, extent, strict=True), first)
    return [slice(n - p.stop, n - p.start) if axis in axes else p for axis, (p, n) in bounds]


def _one_value(channels: NDArray[np.float32]) -> tuple[float, ...] | None:
    """Return the value of each channel (C', Z, Y, X) if each is constant; None otherwise."""
    first = channels[:, 0, 0, 0]
    corner = channels[:, 0, -1]  # a single row decides for most tiles
    if (corner != first[:, None]).any() or (channels != first[:, None, None, None]).any():
        return None
    return tuple(float(value) for value in first)


def _add(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, int, int]:
    z, y, x = (m + n for m, n in zip(a, b, strict=True))
    return (z, y, x)
