"""The features of pixels in pictures: filter responses, and the maps of a network that was trained on procedural images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.adaptation import Adaptation
from unetstudio.data.region import Index, Region
from unetstudio.data.scan import Scan
from unetstudio.errors import CheckpointError
from unetstudio.pixel_classifier.learned_features import LearnedFeatures, input_channels
from unetstudio.pixel_classifier.planar_bank import PlanarBank

Floats = NDArray[np.float32]

INPUTS = 3
"""Number of input channels of the learned features, which are features as well."""


@dataclass(frozen=True, eq=False)
class PictureBank:
    """The features of a planar bank, then those that a ridge regression reads: learned features of the luminance, and their input."""

    planar: PlanarBank
    learned: LearnedFeatures

    block: Index = (1, 512, 512)

    @classmethod
    def fit(cls, scans: Sequence[Scan], painted: Iterable[tuple[Scan, NDArray[np.int64], NDArray[np.integer[Any]]]] = ()) -> PictureBank:
        """Fit to a study's scans as `PlanarBank.fit` does; raise UserError without scans."""
        return cls(PlanarBank.fit(scans, painted), load_learned())

    @property
    def count(self) -> int:
        """Number of features of a pixel."""
        return self.planar.count + INPUTS + self.learned.count

    @property
    def views(self) -> tuple[tuple[int, int], ...]:
        """The features (start, stop) of each view of the trees."""
        return self.planar.views

    @property
    def linear(self) -> tuple[int, int] | None:
        """The features (start, stop) that a ridge regression reads."""
        return (self.planar.count, self.count)

    def features(self, scan: Scan, region: Region) -> Floats:
        """Compute (count, Z, Y, X) of a region inside the scan, slice by slice; the learned ones of several channels from their mean."""
        out = np.empty((self.count, *region.shape), np.float32)
        out[: self.planar.count] = self.planar.features(scan, region)
        window, stored = self.learned.window(region, scan.shape), self.planar.of(scan)
        inside = region.within(window)[1:]
        for place, z in enumerate(range(region.start[0], region.stop[0])):
            channels = stored.scaled(scan.voxels[(slice(None), slice(z, z + 1), *window.slices[1:])])
            plane = 2 * channels[:, 0].mean(axis=0) - 1  # robust ends at -1 and 1
            maps = out[self.planar.count :, place]
            maps[:INPUTS] = input_channels(plane)[(slice(None), *inside)]
            maps[INPUTS:] = self.learned.features(plane)[(slice(None), *inside)]
        return out

    def adaptation(self, scan: Scan) -> Adaptation:
        """Return how a scan's stored values are brought to those that were learnt."""
        return self.planar.adaptation(scan)

    def to_json(self) -> dict[str, Any]:
        """Return plain values for checkpoints."""
        return {"planar": self.planar.to_json(), "learned": self.learned.id}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> PictureBank:
        """Read what `to_json` returned; raise CheckpointError for values of another version, or damaged ones."""
        learned = load_learned()
        if values.get("learned") != learned.id or not isinstance(values.get("planar"), dict):
            raise CheckpointError("The checkpoint was made by a version of this program with other learned features; train again.")
        return cls(PlanarBank.from_json(values["planar"]), learned)


@cache
def load_learned() -> LearnedFeatures:
    """Load the program's learned features once."""
    return LearnedFeatures.load()
