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
