"""How uncertain a prediction is: how close the best two classes are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

POSSIBLE = 26
"""Of 255: only where structures are at least this likely counts for the mean; elsewhere a large empty ground would hide all uncertainty."""


def uncertainty(probabilities: NDArray[np.uint8] | Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """A channel per class, uint8, to one of their shape: 255 where the best two classes are level, 0 where one is certain."""
    if len(probabilities) == 1:
        return np.zeros_like(probabilities[0])
    best = np.maximum(probabilities[0], probabilities[1])
    second = np.minimum(probabilities[0], probabilities[1])
    for channel in probabilities[2:]:
        np.maximum(second, np.minimum(best, channel), out=second)
        np.maximum(best, channel, out=best)
    level: NDArray[np.uint8] = np.uint8(255) - (best - second)
    return level


def mean_uncertainty(probabilities: NDArray[np.uint8]) -> float:
    """The mean uncertainty of a whole prediction (K, Z, Y, X), 0 to 1, where there may be a structure; 0 where nothing may be.

    The first class is the background. Uncertainty gathers along borders, so that the mean of small structures is higher.
    """
    total, count = uncertainty_sum(probabilities)
    return total / 255 / count if count else 0.0


def uncertainty_sum(probabilities: NDArray[np.uint8]) -> tuple[int, int]:
    """The sum of the uncertainty (0..255 a voxel) where there may be a structure, and the number of these voxels: sums of tiles add up."""
    possible = probabilities[0] <= 255 - POSSIBLE
    return int(uncertainty(probabilities)[possible].sum(dtype=np.int64)), int(np.count_nonzero(possible))
