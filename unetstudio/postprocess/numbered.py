"""Objects of a segmentation by number, each as large as it was before lines were drawn between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from unetstudio.postprocess.components import components

REACH = 1.5
"""How far an object grows into the line between it and its neighbour, in voxels: lines are one or two wide."""


def numbered(labels: NDArray[np.uint8], foreground: Sequence[int]) -> NDArray[np.int32]:
    """(Z, Y, X): 1, 2, ... for each island of each of the classes `foreground`, 0 elsewhere.

    Voxels between two objects, within a line of each, go to the nearest: the lines of splitting, and those that a network learnt from
    labels with lines between objects.
    """
    from scipy.ndimage import maximum_filter, minimum_filter
    from skimage.segmentation import expand_labels

    ids = np.zeros(labels.shape, np.int32)
    last = 0
    for value in foreground:
        found, sizes = components(labels == value, corners=True)
        ids[found > 0] = found[found > 0] + last
        last += len(sizes) - 1
    if last < 2:
        return ids
    window = (1 if labels.shape[0] == 1 else 3, 3, 3)
    highest = maximum_filter(ids, size=window)
    none = np.int32(last + 1)
    lowest = minimum_filter(np.where(ids == 0, none, ids), size=window)
    between = (ids == 0) & (lowest < none) & _near_two(highest, lowest, none, window)
    return np.where(between, expand_labels(ids, distance=REACH), ids).astype(np.int32)


def _near_two(highest: NDArray[np.int32], lowest: NDArray[np.int32], none: np.int32, window: tuple[int, int, int]) -> NDArray[np.bool_]:
    """Where two objects are within two voxels."""
    from scipy.ndimage import maximum_filter, minimum_filter

    return np.asarray(maximum_filter(highest, size=window) != minimum_filter(np.minimum(lowest, none), size=window), np.bool_)
