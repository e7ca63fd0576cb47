"""A network ready to predict: with the intensity scale it was trained on, its classes, and the device and number format it runs in."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unetstudio.data.geometry import Spacing
from unetstudio.data.intensity import Intensity
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.errors import CheckpointError
from unetstudio.inference.engine import COMPILED, COMPILED_VIEWS, Choice, Engine, choose_engine
from unetstudio.inference.overlap_tile import TileGrid, read_mirrored
from unetstudio.inference.resampled import ResampledScan, interpolated, zoom_of
from unetstudio.networks import checkpoint as checkpoints
from unetstudio.networks.device import Precision, choose_device, choose_precision
from unetstudio.networks.network import Network, compute_window
from unetstudio.networks.output_window import Window

WORTH = 30.0
"""Seconds of work from which a quicker engine is looked for: converting and comparing takes some five to ten."""

PROBE = 384, 64
"""Largest extent of the part of a scan on which engines are compared, in 2D and 3D."""


class IntensityScale(Protocol):
    """How stored voxel values become input channels; `margin` pixels of context in y and x make a region's channels those of the whole."""

    @property
    def margin(self) -> int: ...

    def prepare(self, voxels: NDArray[Any]) -> NDArray[np.float32]: ...

    def of(self, scan: Scan) -> IntensityScale: ...

    def resampled(self, zoom: float) -> IntensityScale: ...


class Predictor:
    """`values` are the class values in the order of the network's channels; `checkpoint` is the id under which predictions are kept.
    Scans are resampled to `spacing` mm (z, y, x) where it is given."""

    def __init__(
        self,
        network: Network,
        intensity: IntensityScale,
        values: tuple[int, ...],
        checkpoint: str = "",
        precision: Precision | None = None,
        spacing: Spacing | None = None,
    ) -> None:
        self.spacing = spacing
        self.precision = precision or Precision(torch.device("cpu"))
        self.network = self.precision.place(network).eval()
        self.intensity = intensity
        self.values = values
        self.checkpoint = checkpoint
        self._scaled: tuple[Scan, IntensityScale] | None = None
        self.speed = 0.0  # in `TileGrid.work` a second, 0 until measured
        self.engine: Engine | None = None  # instead of PyTorch
        self.mirrored = self.turned = False  # whether it has learnt mirrored views, and such turned by a quarter
        self._blank: dict[tuple[float, ...], NDArray[np.uint8]] = {}  # answers about tiles of one value

    @classmethod
    def load(cls, path: Path, device: str = "auto", precision: Precision | None = None) -> Predictor:
        """From a checkpoint on disk; UserErrors of `networks.checkpoint.load` and `networks.device.choose_device`."""
        checkpoint, network = checkpoints.load(path)
        chosen = precision or choose_precision(choose_device(device, checkpoint.dims), checkpoint.dims, checkpoint.precision)
        intensity = Intensity.from_json(checkpoint.intensity)
        if intensity.channels_out(intensity.channels) != network.config.in_channels:
            raise CheckpointError(f"{path.name} names another intensity scale than its network takes; it was altered or is damaged.")
        predictor = cls(network, intensity, checkpoint.classes.values, checkpoint.id, chosen, checkpoint.target)
        predictor.mirrored, predictor.turned = checkpoint.mirrored, checkpoint.turned
        return predictor

    @property
    def dims(self) -> int:
        """2 (slice by slice) or 3."""
        return self.network.config.dims

    @property
    def views(self) -> int:
        """How many are averaged with `tta`: mirrored along every axis, and in 2D also turned by a quarter if that was learnt."""
        mirrored = 4 if self.dims == 2 else 8
        return 2 * mirrored if self._turns else mirrored

    @property
    def _turns(self) -> bool:
        return self.turned and self.dims == 2 and len(set(self.network.size_multiple)) == 1

    @property
    def width(self) -> int:
        """Channels of the first layer, which decide how much memory an input voxel takes."""
        return int(next(self.network.parameters()).shape[0])

    def view(self, scan: Scan) -> ResampledScan | None:
        """The scan at the voxel size that the network learnt from, or None where it has that size already. Raises CheckpointError."""
        return ResampledScan.of(scan, self.spacing, self.dims)

    def grid(self, scan: Scan | ResampledScan) -> TileGrid:
        """Where tiles of the scan may lie."""
        return TileGrid.of(self.network, scan.shape)

    def channels(self, scan: Scan | ResampledScan, region: Region) -> NDArray[np.float32]:
        """(C', Z, Y, X) float32 of a region that may reach beyond the scan, each voxel as if the whole had been prepared at once."""
        if isinstance(scan, ResampledScan):
            places = scan.places(region)
            under = scan.around(places)
            found = self.channels(scan.scan, under)
            return interpolated(found, [at - first for at, first in zip(places, under.start, strict=True)])
        scale = self._scale(scan)
        seen = region.grown((0, scale.margin, scale.margin))
        return scale.prepare(read_mirrored(scan.voxels, seen))[(slice(None), *region.within(seen))]

    def _scale(self, scan: Scan) -> IntensityScale:
        """The intensity scale of a scan, remembered from tile to tile."""
        if self._scaled is None or self._scaled[0] is not scan:
            scale, view = self.intensity.of(scan), self.view(scan)
            self._scaled = (scan, scale if view is None else scale.resampled(zoom_of(view.ratio)))
        return self._scaled[1]

    def select_engine(self, scan: Scan, voxels: float, wanted: str = "auto") -> Choice:
        """Takes the quickest engine that gives the same masks on the middle of a scan, for work of `voxels` input voxels like its own.

        UserError for an engine that cannot be had. With "auto" nothing is tried where there is too little to do.
        """
        if wanted == "auto" and voxels < WORTH * self.measure_speed():
            return Choice(None, "torch", "PyTorch: too little to do to try quicker engines")
        grid, most = self.grid(scan), PROBE[self.dims - 2]
        edge = most // max(grid.step) * max(grid.step)
        size = (1 if self.dims == 2 else edge, edge, edge)
        middle = (scan.shape[0] // 2, scan.shape[1] // 2, scan.shape[2] // 2)
        core = grid.cores(Region.whole(scan.shape), size, middle)[0]
        seen = grid.input(core)
        window = self._window(core.within(self._answered(seen)))
        repeats = max(1.0, voxels / grid.work(seen, core))
        choice = choose_engine(self.network, self.precision, self._batch(self.channels(scan, seen)), window, wanted, repeats)
        self.engine, self.speed = choice.engine, grid.work(seen, core) / choice.seconds if choice.seconds else 0.0
        self._blank.clear()
        return choice

    def probabilities(self, scan: Scan | ResampledScan, grid: TileGrid, core: Region, *, tta: bool = False) -> NDArray[np.uint8]:
        """(K, Z, Y, X of the core) uint8; `tta` averages over all `views` and takes so much longer."""
        return self._answer(scan, grid, core, core, tta)

    def tile(self, scan: Scan | ResampledScan, grid: TileGrid, core: Region, *, tta: bool = False) -> tuple[Region, NDArray[np.uint8]]:
        """All that the network answers about the surroundings of a core, (K, Z, Y, X) uint8, and where that lies."""
        answered = self._answered(grid.input(core))
        return answered, self._answer(scan, grid, core, answered, tta)

    def _answered(self, seen: Region) -> Region:
        """What the network answers that is shown a region."""
        rim = (*(0,) * (3 - self.dims), *self.network.valid_margin)
        return Region(_add(seen.start, rim), _add(seen.stop, tuple(-n for n in rim)))

    def _answer(self, scan: Scan | ResampledScan, grid: TileGrid, core: Region, wanted: Region, tta: bool) -> NDArray[np.uint8]:
        """A part of what the network answers when it is shown a core with its halo."""
        start = time.perf_counter()
        seen = grid.input(core)
        channels = self.channels(scan, seen)
        if self.network.exact and grid.surrounded(core) and (values := _one_value(channels)) is not None:
            block = self._blank_answer(values, grid, tta)  # wanted is the core, which begins on the grid
            times = (1, *(-(-n // step) for n, step in zip(wanted.shape, block.shape[1:], strict=True)))
            return np.tile(block, times)[(slice(None), *(slice(n) for n in wanted.shape))]
        content = as_bytes(self.spread(channels, tta=tta, part=wanted.within(self._answered(seen)))).cpu().numpy()
        self.speed = grid.work(seen, wanted) * (self.views if tta else 1) / max(time.perf_counter() - start, 1e-6)
        return content

    def _blank_answer(self, values: tuple[float, ...], grid: TileGrid, tta: bool) -> NDArray[np.uint8]:
        """(K, one step of the grid) where there is one value in each channel: up-convolutions repeat themselves from step to step,
        and a blank tile is made of such blocks."""
        if (*values, tta) not in self._blank:
            core = Region((0, 0, 0), grid.step)
            seen = grid.unclipped(core)
            plain = np.array(values, np.float32).reshape(-1, 1, 1, 1)
            part = core.within(self._answered(seen))
            spread = self.spread(np.broadcast_to(plain, (len(values), *seen.shape)), tta=tta, part=part)
            self._blank[(*values, tta)] = as_bytes(spread).cpu().numpy()
        return self._blank[(*values, tta)]

    @torch.inference_mode()
    def spread(self, channels: NDArray[np.float32], *, tta: bool = False, part: tuple[slice, ...] | None = None) -> Tensor:
        """Probabilities (K, Z', Y', X') float32 on the device, from input channels (C', Z, Y, X); smaller by what the network loses, or
        a `part` (z, y, x) of that: the rest is then not computed where the network can do without."""
        batch = self._batch(channels)
        answered = [
            n - 2 * margin for n, margin in zip(channels.shape[1:], (*(0,) * (3 - self.dims), *self.network.valid_margin), strict=True)
        ]
        part = part or tuple(slice(0, n) for n in answered)
        if self.engine is not None:
            self.engine.kept = COMPILED_VIEWS[self.views] if tta else COMPILED
        axes, first = tuple(range(2, batch.dim())), self.dims - 1  # where z is, or would be
        ways = [way for n in range(len(axes) + 1) for way in itertools.combinations(axes, n)] if tta else [()]
        total = self._forward(batch, self._window(part))
        for way in ways if tta and self._turns else ():
            total += self._forward(batch.flip(way).mT, self._window(_flipped(part, answered, way, first))[::-1]).mT.flip(way)
        for way in ways[1:]:
            total += self._forward(batch.flip(way), self._window(_flipped(part, answered, way, first))).flip(way)
        mean = total / self.views if tta else total
        return mean.transpose(0, 1)[:, part[0]] if self.dims == 2 else mean[0]

    def _window(self, part: Sequence[slice]) -> Window:
        """Of (z, y, x) what the network knows of: slices of a picture are a batch."""
        return [(axis.start, axis.stop) for axis in part[3 - self.dims :]]

    def measure_speed(self) -> float:
        """Input voxels a second: known from the tile before, or tried on an empty one."""
        if not self.speed:
            shape = self.network.input_shape((128, 128) if self.dims == 2 else (32, 32, 32))
            empty = np.zeros((self.network.config.in_channels, *(1,) * (3 - len(shape)), *shape), np.float32)
            for _ in range(2):  # the first one pays for set-up
                start = time.perf_counter()
                as_bytes(self.spread(empty)).cpu()
                self.speed = empty[0].size / max(time.perf_counter() - start, 1e-6)
        return self.speed

    def _batch(self, channels: NDArray[np.float32]) -> Tensor:
        """2D: (Z, C', Y, X), slices as the batch; 3D: (1, C', Z, Y, X)."""
        batch = torch.from_numpy(np.ascontiguousarray(channels))
        return batch.transpose(0, 1) if self.dims == 2 else batch[None]

    def _forward(self, batch: Tensor, window: Window) -> Tensor:
        """(N, K, ...) float32 probabilities of a window; of two classes by one sigmoid, which costs a fraction of a softmax."""
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
    """0..1 to 0..255, rounded."""
    return probabilities.mul(255).add_(0.5).to(torch.uint8)


def _flipped(part: Sequence[slice], extent: Sequence[int], way: Sequence[int], first: int) -> list[slice]:
    """A part (z, y, x) of `extent`, seen with the axes of `way` mirrored, where z is axis `first`."""
    bounds = enumerate(zip(part, extent, strict=True), first)
    return [slice(n - p.stop, n - p.start) if axis in way else p for axis, (p, n) in bounds]


def _one_value(channels: NDArray[np.float32]) -> tuple[float, ...] | None:
    """The value of each channel (C', Z, Y, X) where each has but one."""
    first = channels[:, 0, 0, 0]
    corner = channels[:, 0, -1]  # a look at a row tells most tiles
    if (corner != first[:, None]).any() or (channels != first[:, None, None, None]).any():
        return None
    return tuple(float(value) for value in first)


def _add(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, int, int]:
    z, y, x = (m + n for m, n in zip(a, b, strict=True))
    return (z, y, x)
