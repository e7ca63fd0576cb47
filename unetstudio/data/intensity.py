"""The intensity scale of a project: how stored voxel values become a network's input channels, and percentiles for display.

One scale for all cases, so that a dark image stays dark and an empty one empty; only scans without a common unit, such as MR volumes, are
scaled one by one. Which scale suits which images is chosen in `normalisation.py`. Beside it a locally normalised channel per stored
channel, which shows faint structures next to bright ones and does not change with illumination, and where there are only strokes to learn
from, filter responses. NumPy and OpenCV only.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from unetstudio.data import normalisation as normalisations
from unetstudio.data.filters import COUNT, MARGIN, responses
from unetstudio.data.normalisation import ENDS, NORMALISATIONS, SOFT_TISSUE, UNLIKE, scale, spread
from unetstudio.data.scan import Scan, Voxels
from unetstudio.errors import CheckpointError, UserError

Floats = NDArray[np.float32]

SIGMA = 12.0
"""Standard deviation in pixels of the Gaussian window of local normalisation."""

FLOOR = 0.05
"""Added to the local standard deviation (the whole scale is 2 wide), so that flat ground stays flat and its noise small."""

LIMIT = 4.0
"""Input channels are clamped to +-LIMIT: one hot pixel must not outweigh an image."""

SAMPLES = 200_000
"""Voxels looked at for percentiles."""

CROP = 1024
"""Edge of the part of a scan's middle slice in which filter responses are measured."""


@dataclass(frozen=True)
class Window:
    """Stored values of `channel` from `low` to `high` become -1 to 1."""

    channel: int
    low: float
    high: float


MOST_CHANNELS, MOST_SIGMA = 1024, 500.0
"""What a checkpoint from a stranger may ask for."""


@dataclass(frozen=True)
class Intensity:
    """(C', Z, Y, X) float32 from (C, Z, Y, X): windows, then one locally normalised channel per stored channel, then filter responses.

    With `each`, the windows are those of the scans pooled, and `of` gives every scan its own, as `normalisation` has it. `filters` are the
    responses' factors.
    """

    channels: int
    windows: tuple[Window, ...]
    local: bool = True
    sigma: float = SIGMA
    each: bool = False
    filters: tuple[float, ...] = ()
    normalisation: str = "percentile"

    @classmethod
    def fit(cls, scans: Iterable[Scan], *, local: bool = True, normalisation: str = "auto") -> Intensity:
        """From the training scans' pooled values per channel, normalised as NORMALISATIONS name it; scans are read one at a time.

        Scans with fewer channels than the widest are taken as grey. UserError without any scan, and for another normalisation.
        """
        seen = [(_sample(scan.voxels, 50_000), normalisations.in_hu(scan), normalisations.without_unit(scan)) for scan in scans]
        if not seen:
            raise UserError("There is no image to learn the intensity scale from.")
        samples = [values for values, _, _ in seen]
        channels = max(values.shape[0] for values in samples)
        pooled = [np.concatenate([values[min(c, values.shape[0] - 1)] for values in samples]) for c in range(channels)]
        kind = normalisations.chosen(normalisation, [hu for _, hu, _ in seen])
        windows = tuple(Window(c, *scale(values, kind)) for c, values in enumerate(pooled))
        if kind == "ct":
            return cls(channels, (*windows, Window(0, *SOFT_TISSUE)), local, normalisation=kind)
        ranges = [high - low for low, high in (spread(values, *ENDS) for values in samples)]
        each = all(odd for _, _, odd in seen) or max(ranges) > UNLIKE * min(ranges)
        return cls(channels, windows, local, each=each, normalisation=kind)

    def of(self, scan: Scan) -> Intensity:
        """The scale for one scan: this one, or with the scan's own windows where scans have no common unit."""
        if not self.each:
            return self
        values = _sample(scan.voxels, 50_000)
        windows = (Window(w.channel, *scale(values[min(w.channel, values.shape[0] - 1)], self.normalisation)) for w in self.windows)
        return replace(self, windows=tuple(windows), each=False)

    def resampled(self, zoom: float) -> Intensity:
        """The scale for a scan of which the network sees voxels so many times as large: it normalises locally over as many of theirs."""
        return replace(self, sigma=min(MOST_SIGMA, max(1.0, self.sigma * zoom))) if zoom != 1 else self

    def with_filters(self, scans: Iterable[Scan]) -> Intensity:
        """With filter responses of grey, each scaled so that its root mean square over the scans is 1; UserError without any scan."""
        squares = []
        for scan in scans:
            plain = replace(self.of(scan), local=False, filters=())
            grey = plain.prepare(_middle(scan.voxels))[: self.channels, 0].mean(axis=0)
            squares.append(np.square(responses(grey)).mean(axis=(1, 2)))
        if not squares:
            raise UserError("There is no image to learn the intensity scale from.")
        return replace(self, filters=tuple(1 / max(math.sqrt(square), 1e-3) for square in np.mean(squares, axis=0)))

    @property
    def margin(self) -> int:
        """Pixels of context in y and x beyond a region for its channels to equal those of the whole scan; slices need none."""
        return max(math.ceil(3 * self.sigma) if self.local else 0, MARGIN if self.filters else 0)

    def channels_out(self, channels: int) -> int:
        """Input channels made from `channels` stored ones: always the same number, see `prepare`."""
        del channels
        return len(self.windows) + (self.channels if self.local else 0) + len(self.filters)

    @property
    def plain(self) -> int:
        """How many of the first output channels are plain windows; the rest shows contrast only."""
        return len(self.windows)

    def words(self, wanted: str = "auto") -> str:
        """What is done to grey values and why, for the reader; `wanted` is the normalisation that was asked for."""
        windows = [(w.low, w.high) for w in self.windows[: self.channels]]
        return normalisations.words(self.normalisation, windows, self.each, wanted)

    def prepare(self, voxels: NDArray[Any]) -> Floats:
        """(C, Z, Y, X) of any type -> (C', Z, Y, X) float32 within +-LIMIT; mirrored at the borders of what is given.

        Values that are not finite count as the low end. Grey stands in for colour and colour is averaged to grey where the project has the
        other; UserError for any other number of channels.
        """
        stored = self._as_many_channels(voxels)
        out = np.empty((self.channels_out(self.channels), *voxels.shape[1:]), np.float32)
        for place, window in enumerate(self.windows):
            np.subtract(stored[window.channel], (window.low + window.high) / 2, out=out[place], dtype=np.float32)
            out[place] *= 2 / (window.high - window.low)
            np.nan_to_num(out[place], copy=False, nan=-1.0, posinf=LIMIT, neginf=-LIMIT)
            np.clip(out[place], -LIMIT, LIMIT, out=out[place])
        if self.local:
            for channel in range(self.channels):
                for z in range(voxels.shape[1]):
                    out[self.plain + channel, z] = _local(out[channel, z], self.sigma)
        if self.filters:
            factors = np.array(self.filters, np.float32)[:, None, None]
            for z in range(voxels.shape[1]):
                found = responses(out[: self.channels, z].mean(axis=0)) * factors
                np.clip(found, -LIMIT, LIMIT, out=out[-len(factors) :, z])
        return out

    def to_json(self) -> dict[str, Any]:
        """As plain values for project.json and checkpoints."""
        return {
            "channels": self.channels,
            "windows": [[w.channel, w.low, w.high] for w in self.windows],
            "local": self.local,
            "sigma": self.sigma,
            "each": self.each,
            "filters": list(self.filters),
            "normalisation": self.normalisation,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Intensity:
        """The inverse of `to_json`; CheckpointError for values of another version, or damaged ones."""
        try:
            windows = tuple(Window(int(c), float(low), float(high)) for c, low, high in values["windows"])
            filters = tuple(map(float, values.get("filters", ())))  # checkpoints of before have none
            if len(filters) not in (0, COUNT):
                raise ValueError("other filters than these")
            usual = "ct" if len(windows) > int(values["channels"]) else "percentile"
            kind = str(values.get("normalisation", usual))  # nor a name for what they do
            if kind not in NORMALISATIONS:
                raise ValueError("another normalisation than these")
            scale = cls(
                int(values["channels"]), windows, bool(values["local"]), float(values["sigma"]), bool(values["each"]), filters, kind
            )
            if not 1 <= scale.channels <= MOST_CHANNELS or not scale.channels <= len(windows) <= MOST_CHANNELS + 1:
                raise ValueError("other channels than these")
            if not all(0 <= w.channel < scale.channels and -math.inf < w.low < w.high < math.inf for w in windows):
                raise ValueError("windows of nothing")
            if not 0 < scale.sigma <= MOST_SIGMA or not all(map(math.isfinite, filters)):
                raise ValueError("numbers that are none")
            return scale
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise CheckpointError("The checkpoint is of another version of this program, or damaged; train again.") from error

    def _as_many_channels(self, voxels: NDArray[Any]) -> NDArray[Any]:
        """`voxels` with the channels that the scale was made for."""
        found = voxels.shape[0]
        if found == self.channels:
            return voxels
        if found == 1:
            return np.broadcast_to(voxels, (self.channels, *voxels.shape[1:]))
        if self.channels == 1:
            return np.asarray(voxels[:3].mean(axis=0, dtype=np.float32, keepdims=True))
        if found > self.channels:
            return voxels[: self.channels]
        raise UserError(f"An image with {found} channels does not go with training images that have {self.channels}.")


def percentiles(voxels: Voxels, low: float = 0.5, high: float = 99.5) -> tuple[float, float]:
    """Two percentiles over all channels, from at most SAMPLES voxels; low < high always, also for constant or NaN images."""
    return spread(_sample(voxels, SAMPLES).reshape(-1), low, high)


def _middle(voxels: Voxels) -> NDArray[Any]:
    """(C, 1, Y, X) of the slice in the middle, at most CROP wide and high about its centre."""
    _, z, y, x = voxels.shape
    top, left = max(0, (y - CROP) // 2), max(0, (x - CROP) // 2)
    return voxels[:, z // 2 : z // 2 + 1, top : top + CROP, left : left + CROP]


def _sample(voxels: Voxels, most: int) -> Floats:
    """(C, N) float32: voxels on a regular grid over the scan, N about `most` at the largest."""
    _, z, y, x = voxels.shape
    every = max(1.0, z * y * x / most)
    dz = max(1, min(z // 8, round(every ** (1 / 3)))) if z > 1 else 1
    dyx = max(1, math.ceil(math.sqrt(every / dz)))
    grid = voxels[:, dz // 2 :: dz, min(y - 1, dyx // 2) :: dyx, min(x - 1, dyx // 2) :: dyx]
    return np.ascontiguousarray(grid, dtype=np.float32).reshape(voxels.shape[0], -1)


def _local(plane: Floats, sigma: float) -> Floats:
    """(Y, X) of (x - m) / (s + FLOOR) with mean m and standard deviation s in a Gaussian window, mirrored at the borders."""
    width = 2 * math.ceil(3 * sigma) + 1
    size = (width, width)
    mean = cv2.GaussianBlur(plane, size, sigma, borderType=cv2.BORDER_REFLECT_101)
    square = cv2.GaussianBlur(plane * plane, size, sigma, borderType=cv2.BORDER_REFLECT_101)
    spread = np.sqrt(np.maximum(square - mean * mean, 0.0))
    return np.asarray(np.clip((plane - mean) / (spread + FLOOR), -LIMIT, LIMIT), np.float32)
