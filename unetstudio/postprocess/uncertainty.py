"""The uncertainty of a prediction: how close the best two classes are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

POSSIBLE = 26
"""Probability of structures (0..255) from which a voxel counts in the mean: a large empty background would hide everything."""


def uncertainty(probabilities: Bytes | Sequence[Bytes]) -> Bytes:
    """Compute the uncertainty from one array for each class: 255 where the best two classes are equal, 0 where one is certain."""
    if len(probabilities) == 1:
        return np.zeros_like(probabilities[0])
    best = np.maximum(probabilities[0], probabilities[1])
    second = np.minimum(probabilities[0], probabilities[1])
    for channel in probabilities[2:]:
        np.maximum(second, np.minimum(best, channel), out=second)
        np.maximum(best, channel, out=best)
    result: Bytes = np.uint8(255) - (best - second)
    return result


def mean_uncertainty(probabilities: Bytes) -> float:
    """Average the uncertainty of a prediction (K, Z, Y, X), 0 to 1, over the voxels where there may be a structure; 0 if there are none.

    The first class is the background. Uncertainty is highest at borders, so the mean is higher for small structures.
    """
    total, count = uncertainty_sum(probabilities)
    return total / 255 / count if count else 0.0


def uncertainty_sum(probabilities: Bytes) -> tuple[int, int]:
    """Sum the uncertainty (0..255 a voxel) where there may be a structure, and count these voxels: sums of tiles can be added."""
    possible = probabilities[0] <= 255 - POSSIBLE
    return int(uncertainty(probabilities)[possible].sum(dtype=np.int64)), int(np.count_nonzero(possible))
