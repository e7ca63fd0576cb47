"""The features of pixels in pictures: one plane is filtered twice, on the study's scale and normalised by its surroundings.

The first view knows how bright a structure is; the second holds where illumination, staining or exposure differ between images. A
classifier for each, averaged, is better on unseen images than one classifier of both. In volumes every slice is a picture.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.adaptation import Adaptation, adapt, as_stored
from unetstudio.data.learnt_values import LearntValues, Recorder
from unetstudio.data.normalisation import is_ct, spread
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.data.value_mapping import SAME, upright
from unetstudio.data.voxel_sample import VALUES, grid_sample
from unetstudio.errors import CheckpointError, UserError
from unetstudio.pixel_classifier.colour_axis import colour_axis, contrast_at
from unetstudio.pixel_classifier.plane_filters import COUNT, FLOOR, REACH, local_moments, plane_filters, smoothed

Floats = NDArray[np.float32]

ENDS = (0.1, 99.9)
"""Percentiles of the study's voxels that become 0 and 1."""

LIMIT = 4.0
"""Absolute value to which scaled and normalised pixels are clamped."""

NEAR, WIDE = 20, 40
"""Reach of the windows of local contrast in pixels."""

LOCAL = 7
"""Number of features of local contrast."""

SMOOTH = (1.0, 4.0)
"""Standard deviations at which each channel of a colour image is smoothed."""

MOST_CHANNELS = 8
"""Largest number of channels that are looked at; those after them are ignored."""

BAD = "The checkpoint is of another version of this program, or damaged; train again."


@dataclass(frozen=True)
class PlanarBank:
    """Features of pixels: `ranges` scale the stored channels to 0..1, and `axis` weights them to the one plane that is filtered.

    `learnt` records the scans' values; older checkpoints have none, and take scans as they are stored.
    """

    ranges: tuple[tuple[float, float], ...]
    axis: tuple[float, ...]
    learnt: LearntValues | None = None
    _known: WeakKeyDictionary[Scan, PlanarBank] = field(default_factory=WeakKeyDictionary, init=False, repr=False, compare=False)

    @classmethod
    def fit(cls, scans: Sequence[Scan], painted: Iterable[tuple[Scan, NDArray[np.int64], NDArray[np.integer[Any]]]] = ()) -> PlanarBank:
        """Fit to a study's scans, and the filtered plane of colour to what is painted: (scan, (N, 3) positions, (N,) classes).

        Raise UserError without scans.
        """
        if not scans:
            raise UserError("There is no image to learn the intensity scale from.")
        channels = min(MOST_CHANNELS, max(scan.channels for scan in scans))
        samples, recorder = [], Recorder()
        for scan in scans:
            samples.append(_as_many(upright(scan).apply(grid_sample(scan.voxels, VALUES)), channels))
            recorder.add(scan, hu=is_ct(scan))
        pooled = [np.concatenate([values[c] for values in samples]) for c in range(channels)]
        ranges = tuple(spread(values, *ENDS) for values in pooled)
        bank = cls(ranges, (1 / channels,) * channels, recorder.record(pooled))
        if channels == 1:
            return bank
        contrasts = [(contrast_at(scan, where, bank.of(scan).scaled), classes) for scan, where, classes in painted if len(where)]
        return cls(ranges, colour_axis(contrasts, channels), bank.learnt)

    def of(self, scan: Scan) -> PlanarBank:
        """Return the bank with its ranges in the values as the scan stores them, see `adaptation.py`."""
        known = self._known.get(scan)
        if known is None:
            mapping = self.adaptation(scan).mapping
            ranges = tuple((mapping.before(low), mapping.before(high)) for low, high in self.ranges)
            known = self._known[scan] = self if mapping == SAME else PlanarBank(ranges, self.axis)
        return known

    def adaptation(self, scan: Scan) -> Adaptation:
        """Return how a scan's stored values are brought to those that were learnt."""
        return as_stored(scan) if self.learnt is None else adapt(scan, self.learnt)

    @property
    def count(self) -> int:
        """Number of features of a pixel."""
        return self.views[-1][1]

    @property
    def views(self) -> tuple[tuple[int, int], ...]:
        """The features (start, stop) of either view, for a readout that trusts both alike."""
        colour = len(self.ranges) * len(SMOOTH) if len(self.ranges) > 1 else 0
        return ((0, colour + COUNT), (colour + COUNT, colour + 2 * COUNT + LOCAL))

    @property
    def margin(self) -> int:
        """Pixels of context in y and x that a region needs for its features to equal those of the whole scan."""
        return WIDE + REACH

    def features(self, scan: Scan, region: Region) -> Floats:
        """Compute (count, Z, Y, X) of a region inside the scan; mirrored at the borders of the scan only."""
        stored = self.of(scan)
        reach = region.grown((0, self.margin, self.margin)).clipped(scan.shape)
        inner = region.within(reach)[1:]
        out = np.empty((self.count, *region.shape), np.float32)
        with ThreadPoolExecutor(len(self.views)) as pool:  # filters in OpenCV and numpy run side by side
            for z in range(region.shape[0]):
                channels = stored.scaled(scan.voxels[(slice(None), slice(reach.start[0] + z, reach.start[0] + z + 1), *reach.slices[1:])])
                plane = np.ascontiguousarray(np.tensordot(np.array(self.axis, np.float32), channels[:, 0], 1))
                planes = (_on_the_scale(channels[:, 0], plane), _against_surroundings(plane))
                parts = (out[start:stop, z] for start, stop in self.views)
                list(pool.map(partial(_fill, inner), parts, planes))
        return out

    def scaled(self, voxels: NDArray[Any]) -> Floats:
        """Scale (C, Z, Y, X) of stored values to as many channels as the bank was fitted to, within +-LIMIT."""
        values = _as_many(voxels, len(self.ranges)).astype(np.float32)
        low, high = np.array(self.ranges, np.float32).T[:, :, None, None, None]
        values -= low
        values /= high - low
        np.nan_to_num(values, copy=False, nan=0.0, posinf=LIMIT, neginf=-LIMIT)
        return np.clip(values, -LIMIT, LIMIT, out=values)

    def to_json(self) -> dict[str, Any]:
        """Return plain values for checkpoints."""
        learnt = None if self.learnt is None else self.learnt.to_json()
        return {"kind": "planar", "ranges": [list(pair) for pair in self.ranges], "axis": list(self.axis), "learnt": learnt}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> PlanarBank:
        """Read what `to_json` returned; raise CheckpointError for values of another version, or damaged ones."""
        try:
            learnt = None if values.get("learnt") is None else LearntValues.from_json(values["learnt"])
            bank = cls(tuple((float(low), float(high)) for low, high in values["ranges"]), tuple(map(float, values["axis"])), learnt)
            if learnt is not None and len(learnt.percentiles) != len(bank.ranges):
                raise ValueError("other channels than these")
            if values["kind"] != "planar" or not 1 <= len(bank.axis) == len(bank.ranges) <= MOST_CHANNELS:
                raise ValueError("another bank than this")
            if not all(-math.inf < low < high < math.inf for low, high in bank.ranges) or not all(abs(weight) <= 1 for weight in bank.axis):
                raise ValueError("numbers that are none")
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise CheckpointError(BAD) from error
        return bank


def _fill(inner: tuple[slice, ...], out: Floats, planes: Iterator[Floats]) -> None:
    """Write the inner part of each plane."""
    for place, plane in enumerate(planes):
        out[place] = plane[inner]


def _on_the_scale(channels: Floats, plane: Floats) -> Iterator[Floats]:
    """Filter colours (C, Y, X), if there are such, and the plane (Y, X) to the planes of the first view."""
    if len(channels) > 1:
        yield from (smoothed(channel, sigma) for channel in channels for sigma in SMOOTH)
    yield from plane_filters(plane)


def _against_surroundings(plane: Floats) -> Iterator[Floats]:
    """Filter (Y, X) to the planes of the second view."""
    mean, deviation = local_moments(plane, WIDE)
    near, near_deviation = local_moments(plane, NEAR)
    yield from plane_filters(np.clip((plane - mean) / (deviation + FLOOR), -LIMIT, LIMIT))
    fine = smoothed(plane, 1.0)
    yield from ((values - near) / (near_deviation + FLOOR) for values in (plane, fine))
    yield from ((values - mean) / (deviation + FLOOR) for values in (fine, near))
    yield from (near_deviation, deviation, np.log((near_deviation + FLOOR) / (deviation + FLOOR)))


def _as_many(voxels: NDArray[Any], channels: int) -> NDArray[Any]:
    """Repeat grey to colour, average colour to grey, and drop the channels after the last; raise UserError for any other number."""
    if voxels.shape[0] == 1:
        return np.broadcast_to(voxels, (channels, *voxels.shape[1:]))
    if channels == 1:
        return np.asarray(voxels[:3].mean(axis=0, dtype=np.float32, keepdims=True))
    if voxels.shape[0] >= channels:
        return voxels[:channels]
    raise UserError(f"An image with {voxels.shape[0]} channels does not go with images that have {channels}.")
