"""The feature banks by name, and the choice between them: volumes have one of their own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.labels import UNLABELLED
from unetstudio.data.scan import Scan
from unetstudio.pixel_classifier.feature_bank import FeatureBank
from unetstudio.pixel_classifier.picture_bank import PictureBank
from unetstudio.pixel_classifier.volume_bank import VolumeBank

BANKS: dict[str, type[PictureBank] | type[VolumeBank]] = {"picture": PictureBank, "volume": VolumeBank}

MOST_PAINTED = 4000
"""Largest number of painted voxels of a scan by which colours are judged."""

Labels = NDArray[np.uint8]


def choose_bank(scans: Sequence[tuple[Scan, Labels]]) -> FeatureBank:
    """Fit the bank that suits scans with label values (Z, Y, X): of volumes if all are."""
    if all(scan.is_volume for scan, _ in scans):
        return VolumeBank.fit(scan for scan, _ in scans)
    return PictureBank.fit([scan for scan, _ in scans], (_painted(scan, values) for scan, values in scans))


def _painted(scan: Scan, values: Labels) -> tuple[Scan, NDArray[np.int64], Labels]:
    """Return a scan with positions (N, 3) and classes (N,) of some of its painted voxels."""
    at = np.flatnonzero(values != UNLABELLED)
    at = at[:: -(-len(at) // MOST_PAINTED) or 1]
    return scan, np.stack(np.unravel_index(at, values.shape), axis=1), values.reshape(-1)[at]
