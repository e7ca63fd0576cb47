"""Learned features of a picture: the maps of a small network that was trained on procedurally generated images only.

The weights are a resource of the program; `benchmarks/pretraining` makes them. A linear readout of the features, fitted to a few strokes,
separates what the strokes mark, so no gradient descent is needed where they are used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from itertools import product
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors

from unetstudio.data.local_contrast import local_contrast
from unetstudio.data.region import Index, Region
from unetstudio.errors import CheckpointError
from unetstudio.pixel_classifier.feature_network import STEP, FeatureNetwork

Floats = NDArray[np.float32]

SIGMAS = (4.0, 12.0)
"""Standard deviations in pixels of the windows of local contrast."""

LIMIT = 4.0
"""Absolute value to which channels are clamped."""

TILE = 1024
"""Edge of the parts, a multiple of STEP, in which a large plane is computed, so that memory stays bounded."""


@dataclass(frozen=True, eq=False)
class LearnedFeatures:
    """The network with its weights; `id` is the SHA-256 of their file."""

    network: FeatureNetwork
    id: str
    dtype: torch.dtype = torch.float32  # of the computation

    @classmethod
    def load(cls, path: Path | None = None, dtype: torch.dtype = torch.float32) -> LearnedFeatures:
        """Read the program's own weights, or those of a file; raise CheckpointError for a file that does not hold them."""
        path = path or resource("learned_features.safetensors")
        try:
            content = path.read_bytes()
            tensors = load_tensors(content)
            weights = {name.removeprefix("network."): tensor for name, tensor in tensors.items() if name.startswith("network.")}
            network = FeatureNetwork.of(weights)
        except (OSError, SafetensorError, KeyError, ValueError, RuntimeError) as error:
            raise CheckpointError(f"{path.name} does not hold the weights of learned features; install the program again.") from error
        network.eval().requires_grad_(requires_grad=False)
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch
        return cls(network, hashlib.sha256(content).hexdigest(), dtype)

    @property
    def count(self) -> int:
        """Number of features of a pixel."""
        return self.network.features

    @property
    def margin(self) -> int:
        """Pixels of context, a multiple of STEP, on which a feature can depend."""
        return round_up(self.network.margin + int(3 * max(SIGMAS)), STEP)

    def window(self, region: Region, shape: Index) -> Region:
        """Return the region to read for the features of a region of a scan of `shape`: with context, on the network's grid, in the scan."""
        (z0, *low), (z1, *high) = region.start, region.stop
        y0, x0 = (a // STEP * STEP - self.margin for a in low)
        y1, x1 = (round_up(b, STEP) + self.margin for b in high)
        return Region((z0, y0, x0), (z1, y1, x1)).clipped(shape)

    def features(self, plane: Floats) -> Floats:
        """Compute (count, Y, X) of a grey plane (Y, X) whose robust ends are -1 and 1.

        They equal those of the whole plane in a part of it that starts on the grid of STEP, but for `margin` pixels along cut borders.
        """
        out = np.empty((self.count, *plane.shape), np.float32)
        whole = (1, *plane.shape)
        for part in _tiles(whole):
            window = self.window(part, whole)
            features = self._compute(plane[window.slices[1:]])
            out[:, *part.slices[1:]] = features[:, *part.within(window)[1:]]
        return out

    @torch.inference_mode()
    def _compute(self, plane: Floats) -> Floats:
        channels = input_channels(plane)
        padded = np.pad(channels, ((0, 0), *((0, -n % STEP) for n in plane.shape)), mode="reflect")
        image = torch.from_numpy(padded)[None].contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", self.dtype, enabled=self.dtype != torch.float32):
            features = self.network(image)
        height, width = plane.shape
        found: Floats = features[0, :, :height, :width].float().numpy()
        return found


def input_channels(plane: Floats) -> Floats:
    """Compute the network's input (C, Y, X) of a grey plane (Y, X) whose robust ends are -1 and 1."""
    plane = np.ascontiguousarray(plane, np.float32)
    return np.stack([np.clip(plane, -LIMIT, LIMIT), *(local_contrast(plane, sigma, LIMIT) for sigma in SIGMAS)])


def _tiles(shape: Index) -> Iterator[Region]:
    """Cut a plane into parts of TILE pixels."""
    _, height, width = shape
    for y, x in product(range(0, height, TILE), range(0, width, TILE)):
        yield Region((0, y, x), (1, y + TILE, x + TILE)).clipped(shape)


def round_up(value: int, step: int) -> int:
    """Round up to a multiple of `step`."""
    return -(-value // step) * step


def resource(name: str) -> Path:
    """Return a file of the resources, inside the installed package or beside it in a source checkout."""
    package = Path(str(files("unetstudio")))
    installed = package / "resources"
    return (installed if installed.is_dir() else package.parent / "resources") / "networks" / name
