"""Where the prediction is in doubt: how close the best two classes are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def uncertainty(probabilities: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(K, Z, Y, X) uint8 -> (Z, Y, X) uint8: 255 where the best two classes are level, 0 where one is certain."""
    if len(probabilities) == 1:
        return np.zeros(probabilities.shape[1:], np.uint8)
    best = np.maximum(probabilities[0], probabilities[1])
    second = np.minimum(probabilities[0], probabilities[1])
    for channel in probabilities[2:]:
        np.maximum(second, np.minimum(best, channel), out=second)
        np.maximum(best, channel, out=best)
    doubt: NDArray[np.uint8] = np.uint8(255) - (best - second)
    return doubt


POSSIBLE = 26
"""Of 255: where structures are at least this likely, doubt is looked for; elsewhere a large empty ground would hide it."""


def doubt(probabilities: NDArray[np.uint8]) -> float:
    """How doubtful a whole prediction (K, Z, Y, X) is: its mean uncertainty, 0 to 1, where there may be a structure; 0 where nothing may.

    The first class is the background. Uncertainty gathers along borders, so that the doubt of small structures is higher.
    """
    total, count = doubt_parts(probabilities)
    return total / 255 / count if count else 0.0


def doubt_parts(probabilities: NDArray[np.uint8]) -> tuple[int, int]:
    """The sum of the uncertainty (0..255 a voxel) where there may be a structure, and the number of these voxels: of tiles, to be added."""
    possible = probabilities[0] <= 255 - POSSIBLE
    return int(uncertainty(probabilities)[possible].sum(dtype=np.int64)), int(np.count_nonzero(possible))
