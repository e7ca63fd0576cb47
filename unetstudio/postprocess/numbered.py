"""Numbering of the objects in a segmentation, with the lines between touching objects closed."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from unetstudio.postprocess.components import components

REACH = 1.5
"""Distance in voxels by which an object grows into the line between it and its neighbour: lines are one or two wide."""

MOST = 2**24
"""Largest number that is exact in float32, the type in which OpenCV dilates."""

Numbers = NDArray[np.int32]


def numbered(labels: NDArray[np.uint8], foreground: Sequence[int]) -> Numbers:
    """Number the islands of the classes `foreground` 1, 2, ... (Z, Y, X), 0 elsewhere.

    Voxels within a line's width of two objects go to the nearest one. Such lines come from splitting, or from a network that learnt from
    labels with lines between objects.
    """
    ids = np.zeros(labels.shape, np.int32)
    last = 0
    for value in foreground:
        islands, sizes = components(labels == value, corners=True)
        ids[islands > 0] = islands[islands > 0] + last
        last += len(sizes) - 1
    if last < 2:
        return ids
    none = np.int32(last + 1)
    highest, lowest = _largest(ids), none - _largest(np.where(ids == 0, 0, none - ids))  # in the neighbourhood of a voxel
    near_two = _largest(highest) != none - _largest(none - lowest)  # within two voxels
    between = np.flatnonzero((ids == 0) & (highest > 0) & near_two)
    ids.reshape(-1)[between] = _nearest(ids, between)
    return ids


def _largest(ids: Numbers) -> Numbers:
    """Return the largest number in each voxel's neighbourhood, corners included."""
    if ids.shape[0] == 1 and ids.max() < MOST:
        return cv2.dilate(ids[0].astype(np.float32), np.ones((3, 3), np.uint8)).astype(np.int32)[None]
    from scipy.ndimage import maximum_filter

    return np.asarray(maximum_filter(ids, size=(1 if ids.shape[0] == 1 else 3, 3, 3)), np.int32)


def _nearest(ids: Numbers, places: NDArray[np.intp]) -> Numbers:
    """Return the number nearest to each of some empty voxels: the largest of equally near ones, 0 if there is none within REACH."""
    padded = np.pad(ids, 1)
    at = np.ravel_multi_index(tuple(axis + 1 for axis in np.unravel_index(places, ids.shape)), padded.shape)
    _, rows, columns = padded.shape
    by_distance: dict[int, Numbers] = {}
    for way in itertools.product((-1, 0, 1), repeat=3):
        far = sum(n * n for n in way)
        if 0 < far <= REACH**2:
            there = padded.reshape(-1)[at + (way[0] * rows + way[1]) * columns + way[2]]
            by_distance[far] = np.maximum(by_distance[far], there) if far in by_distance else there
    nearest = np.zeros(len(places), np.int32)
    for far in sorted(by_distance):
        nearest = np.where(nearest > 0, nearest, by_distance[far])
    return nearest
