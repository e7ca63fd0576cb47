"""The rehearsal of the quick guess: what its first fit imports and compiles is there before anybody waits for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Case, Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.data.study import Study, StudyCase
from unetstudio.training.instant import InstantTier

SHAPES = ((1, 48, 48), (12, 24, 24))
"""Extents of the images that it is rehearsed on, a picture and a volume."""


def rehearse() -> None:
    """Fit a quick guess to two strokes on noise, and predict with it."""
    for shape in SHAPES:
        scan = Scan(np.random.default_rng(0).integers(0, 255, (1, *shape), np.uint8))
        values = np.full(shape, UNLABELLED, np.uint8)
        values[:, 2:4], values[:, 12:14] = 0, 1
        study = Study(ClassTable.named(["a", "b"], [(0, 0, 0), (1, 1, 1)]), [_painted(scan, values)])
        instant = InstantTier(study)
        instant.refit()
        if instant.classifier is not None:
            instant.classifier.log_probabilities(scan, Region.whole(shape))


def _painted(scan: Scan, values: NDArray[np.uint8]) -> StudyCase:
    return StudyCase(Case("noise", "noise", Source(Path()), "", scan.shape, 1), lambda: scan, LabelMap(values))
