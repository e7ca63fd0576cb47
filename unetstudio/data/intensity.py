"""The intensity scale of a project: the conversion of stored voxel values to a network's input channels.

All cases share one scale, so that a dark image stays dark and an empty one empty; only scans without a common unit, such as MR volumes,
are scaled one by one. `normalisation.py` chooses the scale. Inverted scans are turned round, and those of another bit depth adapted, see
`adaptation.py`. Further input channels are a locally normalised one per stored channel, which shows faint structures next to bright ones
and is invariant to illumination, and, where only strokes are learnt from, filter responses.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data import normalisation as normalisations
from unetstudio.data.adaptation import Adaptation, adapt, as_stored
from unetstudio.data.filters import COUNT, MARGIN, filter_responses
from unetstudio.data.learnt_values import LearntValues, Recorder
from unetstudio.data.local_contrast import local_contrast
from unetstudio.data.normalisation import ENDS, NORMALISATIONS, SOFT_TISSUE, UNLIKE, scale, spread
from unetstudio.data.scan import Scan
from unetstudio.data.value_mapping import SAME, upright
from unetstudio.data.voxel_sample import VALUES, grid_sample, middle_crop
from unetstudio.errors import CheckpointError, UserError

Floats = NDArray[np.float32]

SIGMA = 12.0
"""Standard deviation in pixels of the Gaussian window of local normalisation."""

LIMIT = 4.0
"""Absolute value to which input channels are clamped, so that a single hot pixel cannot dominate an image."""


@dataclass(frozen=True)
class Window:
    """A window: stored values of `channel` from `low` to `high` become -1 to 1; `low` is the higher one for an inverted scan."""

    channel: int
    low: float
    high: float


MOST_CHANNELS, MOST_SIGMA = 1024, 500.0
"""Largest number of channels, and largest sigma, accepted from an untrusted checkpoint."""


@dataclass(frozen=True)
class Intensity:
    """A scale from (C, Z, Y, X) to (C', Z, Y, X) float32: windows, then a locally normalised channel per stored one, then filter responses.

    With `each`, the windows are those of the pooled scans, and `of` returns a scale with a scan's own, by `normalisation`. `filters` are
    the factors of the responses.
    """

    channels: int
    windows: tuple[Window, ...]
    local: bool = True
    sigma: float = SIGMA
    each: bool = False
    filters: tuple[float, ...] = ()
    normalisation: str = "percentile"
    learnt: LearntValues | None = None  # older checkpoints have none: scans are then taken as they are stored

    @classmethod
    def fit(cls, scans: Iterable[Scan], *, local: bool = True, normalisation: str = "auto") -> Intensity:
        """Fit to the training scans' pooled values per channel, by one of NORMALISATIONS or "auto"; scans are read one at a time.

        Scans with fewer channels than the widest count as grey. Raise UserError without scans, and for an unknown normalisation.
        """
        sampled, recorder = [], Recorder()
        for scan in scans:
            values, hu = upright(scan).apply(grid_sample(scan.voxels, VALUES)), normalisations.is_ct(scan)
            sampled.append((values, hu, normalisations.is_unitless(scan)))
            recorder.add(scan, hu=hu)
        if not sampled:
            raise UserError("There is no image to learn the intensity scale from.")
        samples = [values for values, _, _ in sampled]
        channels = max(values.shape[0] for values in samples)
        pooled = [np.concatenate([values[min(c, values.shape[0] - 1)] for values in samples]) for c in range(channels)]
        kind = normalisations.choose(normalisation, [hu for _, hu, _ in sampled])
        windows, learnt = tuple(Window(c, *scale(values, kind)) for c, values in enumerate(pooled)), recorder.record(pooled)
        if kind == "ct":
            return cls(channels, (*windows, Window(0, *SOFT_TISSUE)), local, normalisation=kind, learnt=learnt)
        ranges = [high - low for low, high in (spread(values, *ENDS) for values in samples)]
        each = all(unitless for _, _, unitless in sampled) or max(ranges) > UNLIKE * min(ranges)
        return cls(channels, windows, local, each=each, normalisation=kind, learnt=learnt)

    def of(self, scan: Scan) -> Intensity:
        """Return the scale for a scan: this one, brought to how the scan stores its values, or one with the scan's own windows where scans
        have no common unit."""
        mapping, windows = self.adaptation(scan).mapping, self.windows
        if self.each:
            values = mapping.apply(grid_sample(scan.voxels, VALUES))
            windows = tuple(Window(w.channel, *scale(values[min(w.channel, values.shape[0] - 1)], self.normalisation)) for w in windows)
        elif mapping == SAME:
            return self
        stored = tuple(Window(w.channel, mapping.before(w.low), mapping.before(w.high)) for w in windows)
        return replace(self, windows=stored, each=False, learnt=None)

    def adaptation(self, scan: Scan) -> Adaptation:
        """Return how a scan's stored values are brought to those that were learnt."""
        if self.learnt is None:
            return as_stored(scan)
        return adapt(scan, self.learnt, each=self.each)

    def resampled(self, zoom: float) -> Intensity:
        """Return the scale for a scan whose voxels are resampled to `zoom` times their size: local windows grow likewise."""
        return replace(self, sigma=min(MOST_SIGMA, max(1.0, self.sigma * zoom))) if zoom != 1 else self

    def with_filters(self, scans: Iterable[Scan]) -> Intensity:
        """Add filter responses of grey, each scaled to a root mean square of 1 over the scans; raise UserError without scans."""
        squares = []
        for scan in scans:
            plain = replace(self.of(scan), local=False, filters=())
            grey = plain.prepare(middle_crop(scan.voxels))[: self.channels, 0].mean(axis=0)
            squares.append(np.square(filter_responses(grey)).mean(axis=(1, 2)))
        if not squares:
            raise UserError("There is no image to learn the intensity scale from.")
        return replace(self, filters=tuple(1 / max(math.sqrt(square), 1e-3) for square in np.mean(squares, axis=0)))

    @property
    def margin(self) -> int:
        """Pixels of context in y and x that a region needs for its channels to equal those of the whole scan."""
        return max(math.ceil(3 * self.sigma) if self.local else 0, MARGIN if self.filters else 0)

    def channels_out(self, channels: int) -> int:
        """Return the number of input channels, which is the same for any number of stored `channels`, see `prepare`."""
        del channels
        return len(self.windows) + (self.channels if self.local else 0) + len(self.filters)

    @property
    def plain(self) -> int:
        """Number of leading output channels that are plain windows; the others show only contrast."""
        return len(self.windows)

    def describe(self, requested: str = "auto") -> str:
        """Describe the scale and the reason for it; `requested` is the normalisation in the settings."""
        windows = [(w.low, w.high) for w in self.windows[: self.channels]]
        return normalisations.describe(self.normalisation, windows, self.each, requested)

    def prepare(self, voxels: NDArray[Any]) -> Floats:
        """Convert (C, Z, Y, X) of any type to (C', Z, Y, X) float32 within +-LIMIT, mirrored at the borders of the array.

        Values that are not finite count as the low end. Grey is repeated to colour, and colour averaged to grey, where the project has the
        other; raise UserError for any other number of channels.
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
                    out[self.plain + channel, z] = local_contrast(out[channel, z], self.sigma, LIMIT)
        if self.filters:
            factors = np.array(self.filters, np.float32)[:, None, None]
            for z in range(voxels.shape[1]):
                filtered = filter_responses(out[: self.channels, z].mean(axis=0)) * factors
                np.clip(filtered, -LIMIT, LIMIT, out=out[-len(factors) :, z])
        return out

    def to_json(self) -> dict[str, Any]:
        """Return plain values for project.json and checkpoints."""
        return {
            "channels": self.channels,
            "windows": [[w.channel, w.low, w.high] for w in self.windows],
            "local": self.local,
            "sigma": self.sigma,
            "each": self.each,
            "filters": list(self.filters),
            "normalisation": self.normalisation,
            "learnt": None if self.learnt is None else self.learnt.to_json(),
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Intensity:
        """Read what `to_json` returned; raise CheckpointError for values of another version, or damaged ones."""
        try:
            windows = tuple(Window(int(c), float(low), float(high)) for c, low, high in values["windows"])
            filters = tuple(map(float, values.get("filters", ())))  # older checkpoints have none
            if len(filters) not in (0, COUNT):
                raise ValueError("other filters than these")
            default = "ct" if len(windows) > int(values["channels"]) else "percentile"
            kind = str(values.get("normalisation", default))  # older checkpoints do not name it
            if kind not in NORMALISATIONS:
                raise ValueError("another normalisation than these")
            learnt = None if values.get("learnt") is None else LearntValues.from_json(values["learnt"])
            plain = int(values["channels"]), windows, bool(values["local"]), float(values["sigma"]), bool(values["each"])
            scale = cls(*plain, filters, kind, learnt)
            if not 1 <= scale.channels <= MOST_CHANNELS or not scale.channels <= len(windows) <= MOST_CHANNELS + 1:
                raise ValueError("other channels than these")
            if not all(0 <= w.channel < scale.channels and -math.inf < w.low < w.high < math.inf for w in windows):
                raise ValueError("windows of nothing")
            if learnt is not None and len(learnt.percentiles) != scale.channels:
                raise ValueError("other channels than these")
            if not 0 < scale.sigma <= MOST_SIGMA or not all(map(math.isfinite, filters)):
                raise ValueError("numbers that are none")
            return scale
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise CheckpointError("The checkpoint is of another version of this program, or damaged; train again.") from error

    def _as_many_channels(self, voxels: NDArray[Any]) -> NDArray[Any]:
        """Convert `voxels` to the number of channels that the scale was fitted to."""
        channels = voxels.shape[0]
        if channels == self.channels:
            return voxels
        if channels == 1:
            return np.broadcast_to(voxels, (self.channels, *voxels.shape[1:]))
        if self.channels == 1:
            return np.asarray(voxels[:3].mean(axis=0, dtype=np.float32, keepdims=True))
        if channels > self.channels:
            return voxels[: self.channels]
        raise UserError(f"An image with {channels} channels does not go with training images that have {self.channels}.")
