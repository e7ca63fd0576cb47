"""The contract of a feature bank: what a pixel classifier knows of a voxel."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.adaptation import Adaptation
from unetstudio.data.region import Index, Region
from unetstudio.data.scan import Scan


class FeatureBank(Protocol):
    """Features of voxels, such as filter responses at several scales; fitted once to the scans of a study, and frozen."""

    @property
    def count(self) -> int:
        """Number of features of a voxel."""

    @property
    def views(self) -> tuple[tuple[int, int], ...]:
        """The features (start, stop) of each view, for which trees of its own are fitted; all views are trusted alike."""

    @property
    def linear(self) -> tuple[int, int] | None:
        """The features (start, stop) that a ridge regression reads as well, if there are such."""

    @property
    def block(self) -> Index:
        """Extents (z, y, x) of the regions that are cheap to compute at once."""

    def features(self, scan: Scan, region: Region) -> NDArray[np.float32]:
        """Compute (count, Z, Y, X) of a region inside the scan, equal to those of the whole scan: the context is read here."""

    def adaptation(self, scan: Scan) -> Adaptation:
        """Return how a scan's stored values are brought to those that were learnt."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values for checkpoints; `from_json` of the class reads them and raises CheckpointError for damaged ones."""
