"""Voxel-wise agreement of two label maps: Dice, IoU and pixel error."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unetstudio.measure.confusion import Confusion
from unetstudio.measure.metric import Score, mean, overlap

Counts = NDArray[np.int64]


@overlap("dice", "Dice")
def dice(confusion: Confusion) -> Score:
    """Compute 2 |A and B| / (|A| + |B|) of each class; mean and pooled over all classes except the first, the background."""
    return _ratio(confusion, 2 * confusion.agreed, confusion.truth + confusion.predicted)


@overlap("iou", "IoU")
def iou(confusion: Confusion) -> Score:
    """Compute |A and B| / |A or B| of each class, or Jaccard; mean and pooled over all classes except the first, the background."""
    return _ratio(confusion, confusion.agreed, confusion.truth + confusion.predicted - confusion.agreed)


@overlap("pixel_error", "Pixel error")
def pixel_error(confusion: Confusion) -> Score:
    """Compute the share of wrongly classified voxels, by true class and over all voxels (pooled and mean are the same)."""
    wrong = confusion.truth - confusion.agreed
    per_class = _by_value(confusion, wrong, confusion.truth)
    share = _divided(wrong.sum(), confusion.truth.sum())
    return Score(per_class, share, share)


def _ratio(confusion: Confusion, above: Counts, below: Counts) -> Score:
    """Make a score whose mean and pooled values exclude the background, unless it is the only class."""
    structures = slice(1, None) if len(confusion.values) > 1 else slice(None)
    per_class = _by_value(confusion, above, below)
    of_structures = mean([per_class[value] for value in confusion.values[structures]])
    return Score(per_class, _divided(above[structures].sum(), below[structures].sum()), of_structures)


def _by_value(confusion: Confusion, above: Counts, below: Counts) -> dict[int, float | None]:
    return {value: _divided(a, b) for value, a, b in zip(confusion.values, above, below, strict=True)}


def _divided(above: np.int64, below: np.int64) -> float | None:
    return float(above / below) if below else None
