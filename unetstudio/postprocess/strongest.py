"""The likeliest class of each voxel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from unetstudio.postprocess.overwrite import overwrite


def strongest(probabilities: NDArray[np.uint8], values: Sequence[int]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the highest probability over the channels (K, Z, Y, X), and the value of its class; zeros if there is no channel.

    A running maximum is several times faster than argmax; this takes most of the time of a fast pipeline.
    """
    if not len(values):
        nothing = np.zeros(probabilities.shape[1:], np.uint8)
        return nothing, nothing
    best = np.ascontiguousarray(probabilities[0])
    winner = np.full(best.shape, values[0], np.uint8)
    for channel, value in zip(probabilities[1:], values[1:], strict=True):
        overwrite(winner, channel > best, value)
        best = np.maximum(best, channel)
    return best, winner
