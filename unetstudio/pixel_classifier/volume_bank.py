"""The features of a voxel in a volume: filter responses at scales in millimetres, its surroundings, and where it lies in the body."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.adaptation import Adaptation
from unetstudio.data.intensity import Intensity
from unetstudio.data.mirrored import mirror
from unetstudio.data.region import Index, Region
from unetstudio.data.scan import Scan
from unetstudio.errors import CheckpointError
from unetstudio.pixel_classifier.place import PLACES, BodyBox
from unetstudio.pixel_classifier.volume_filters import Widths, radius, slope_and_curvatures, smoothed

Floats = NDArray[np.float32]

SCALES = (0.7, 1.5, 3.0, 5.0)
"""Standard deviations of the smoothing, in units of the bank."""

RESPONSES = 5
"""Number of responses at a scale: the smoothed value, its gradient magnitude and three curvatures."""

AROUND, AROUND_SCALE = 6.0, 2.0
"""Distance of the six neighbours whose smoothed values are features, and their smoothing, in units of the bank."""

MOST_FILTERED = 4
"""Largest number of input channels that are filtered; further ones are features as they are."""

COARSEST = 1.5
"""Largest number of voxels of a scan in a unit of the bank, so that a scan finer than the others needs no wider context."""

LARGEST_UNIT = 1e6
"""Largest unit in millimetres accepted from an untrusted checkpoint."""


@dataclass(frozen=True)
class VolumeBank:
    """A feature bank of volumes: `unit` is the distance in mm (voxels, where the spacing is unknown) in which the scales are measured."""

    intensity: Intensity
    unit: float
    linear: tuple[int, int] | None = field(default=None, init=False)
    block: Index = field(default=(64, 128, 128), init=False)
    _known: WeakKeyDictionary[Scan, _Known] = field(default_factory=WeakKeyDictionary, init=False, repr=False, compare=False)

    @classmethod
    def fit(cls, scans: Iterable[Scan]) -> VolumeBank:
        """Fit to the scans of a study, which are read one at a time; raise UserError without scans."""
        finest: list[float] = []

        def noted() -> Iterable[Scan]:
            for scan in scans:
                finest.append(min(scan.geometry.spacing_or_one))
                yield scan

        intensity = Intensity.fit(noted(), local=False)
        return cls(intensity, float(np.median(finest)))

    @property
    def count(self) -> int:
        """Number of features of a voxel."""
        return len(self.intensity.windows) + self._filtered * (RESPONSES * len(SCALES) + 6) + PLACES

    @property
    def views(self) -> tuple[tuple[int, int], ...]:
        """The features (start, stop) of the only view."""
        return ((0, self.count),)

    @property
    def _filtered(self) -> int:
        return min(MOST_FILTERED, len(self.intensity.windows))

    def features(self, scan: Scan, region: Region) -> Floats:
        """Compute (count, Z, Y, X) of a region inside the scan, equal to those of the whole scan: the context is read here."""
        known = self._of(scan)
        around = region.grown(known.margin).clipped(scan.shape)
        channels = known.intensity.prepare(scan.voxels[(slice(None), *around.slices)])
        out = np.empty((self.count, *region.shape), np.float32)
        plain = len(self.intensity.windows)
        out[:plain] = channels[(slice(None), *region.within(around))]
        place = plain
        for channel in channels[: self._filtered]:
            for scale in SCALES:
                responses = _responses(channel, around, region, scan, known.widths(scale))
                out[place : place + RESPONSES] = responses
                place += RESPONSES
            out[place : place + 6] = _surroundings(channel, around, region, scan, known)
            place += 6
        out[place:] = known.box.place(region)
        return out

    def adaptation(self, scan: Scan) -> Adaptation:
        """Return how a scan's stored values are brought to those that were learnt."""
        return self.intensity.adaptation(scan)

    def to_json(self) -> dict[str, Any]:
        """Return plain values for checkpoints."""
        return {"intensity": self.intensity.to_json(), "unit": self.unit}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> VolumeBank:
        """Read what `to_json` returned; raise CheckpointError for values of another version, or damaged ones."""
        try:
            unit = float(values["unit"])
            if not 0 < unit <= LARGEST_UNIT:
                raise ValueError("a unit of nothing")
            intensity = Intensity.from_json(values["intensity"])
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise CheckpointError("The checkpoint is of another version of this program, or damaged; train again.") from error
        if intensity.local or intensity.filters:
            raise CheckpointError("The checkpoint is of another version of this program, or damaged; train again.")
        return cls(intensity, unit)

    def _of(self, scan: Scan) -> _Known:
        """Return what is measured once in a scan."""
        known = self._known.get(scan)
        if known is None:
            z, y, x = (min(COARSEST, self.unit / spacing) for spacing in scan.geometry.spacing_or_one)
            known = self._known[scan] = _Known(self.intensity.of(scan), BodyBox.measure(scan), (z, y, x))
        return known


@dataclass(frozen=True)
class _Known:
    """What is measured once in a scan: its intensity scale, the box of the body, and the voxels (z, y, x) in a unit of the bank."""

    intensity: Intensity
    box: BodyBox
    voxels: Widths

    def widths(self, scale: float) -> Widths:
        """Return the standard deviations in voxels of a scale."""
        z, y, x = self.voxels
        return (scale * z, scale * y, scale * x)

    def steps(self) -> tuple[int, int, int]:
        """Return the distance in voxels along z, y and x of the neighbours that are features."""
        z, y, x = (max(1, round(AROUND * voxels)) for voxels in self.voxels)
        return (z, y, x)

    @property
    def margin(self) -> tuple[int, int, int]:
        """Voxels of context that a region needs."""
        wide, near = (map(radius, self.widths(scale)) for scale in (max(SCALES), AROUND_SCALE))
        z, y, x = (max(a + 1, b + step) for a, b, step in zip(wide, near, self.steps(), strict=True))
        return (z, y, x)


def _smoothed_part(channel: Floats, around: Region, part: Region, scan: Scan, widths: Widths) -> Floats:
    """Smooth `channel`, the voxels of `around`, and return those of `part`, mirrored where it reaches beyond the scan."""
    inside = part.clipped(scan.shape)
    context = inside.grown(_radii(widths)).clipped(scan.shape)
    smooth = smoothed(channel[context.within(around)], widths)
    for axis, size in enumerate(scan.shape):
        places = mirror(np.arange(part.start[axis], part.stop[axis]), size) - context.start[axis]
        smooth = np.take(smooth, places, axis=axis)
    return smooth


def _radii(widths: Widths) -> tuple[int, int, int]:
    z, y, x = map(radius, widths)
    return (z, y, x)


def _responses(channel: Floats, around: Region, region: Region, scan: Scan, widths: Widths) -> Floats:
    """Compute (RESPONSES, Z, Y, X) of a region at one scale."""
    smooth = _smoothed_part(channel, around, region.grown((1, 1, 1)), scan, widths)
    inner = smooth[1:-1, 1:-1, 1:-1]
    return np.concatenate([inner[None], slope_and_curvatures(smooth, widths)])


def _surroundings(channel: Floats, around: Region, region: Region, scan: Scan, known: _Known) -> Floats:
    """Compute (6, Z, Y, X): smoothed values on both sides of a region's voxels towards superior, posterior and left."""
    steps = known.steps()
    wide = region.grown(steps)
    smooth = _smoothed_part(channel, around, wide, scan, known.widths(AROUND_SCALE))
    out = np.empty((6, *region.shape), np.float32)
    for place, (axis, sign) in enumerate((axis, sign * side) for axis, sign in known.box.directions for side in (1, -1)):
        z, y, x = (sign * step if a == axis else 0 for a, step in enumerate(steps))
        moved = Region(
            (region.start[0] + z, region.start[1] + y, region.start[2] + x), (region.stop[0] + z, region.stop[1] + y, region.stop[2] + x)
        )
        out[place] = smooth[moved.within(wide)]
    return out
