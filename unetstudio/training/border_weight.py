"""The U-Net's border weights: voxels between two objects that nearly touch count more, so that the network learns to separate them.

w0 exp(-(d1 + d2)^2 / (2 sigma^2)) with the distances to the nearest and the second nearest object (Ronneberger et al. 2015, equation 2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

W0 = 10.0
SIGMA = 5.0
"""W0 and SIGMA as published; sigma in pixels."""

REACH = math.ceil(4 * SIGMA)
"""Pixels around an object beyond which its weight is negligible."""

COMPACT = 0.4
"""Smallest share of their bounding boxes that compact objects fill; membranes and vessels fill less."""

NEAR = 6.0
"""Largest d1 + d2, in pixels, between objects that nearly touch."""

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Numbers = NDArray[np.int32]


def numbered_objects(plane: Bytes, value: int) -> Numbers:
    """Number the objects of a class: (Y, X), 0 elsewhere."""
    _, ids = cv2.connectedComponents((plane == value).view(np.uint8), connectivity=8)
    return np.asarray(ids, np.int32)


def distances(ids: Numbers) -> tuple[Floats, Floats]:
    """Return each pixel's distance (Y, X) to the nearest and the second nearest object, up to REACH and infinite beyond."""
    from scipy.ndimage import find_objects

    first = np.full(ids.shape, np.inf, np.float32)
    second = first.copy()
    for number, place in enumerate(find_objects(ids), start=1):
        if place is None:
            continue
        box = (_grown(place[0]), _grown(place[1]))
        away = cv2.distanceTransform((ids[box] != number).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        away[away > REACH] = np.inf
        second[box] = np.minimum(second[box], np.maximum(first[box], away))
        first[box] = np.minimum(first[box], away)
    return first, second


def border_weights(labels: Bytes, values: Sequence[int]) -> Bytes:
    """Compute the share of w0 (Z, Y, X) in 1/255, slice by slice, the largest over the classes `values`; 0 within objects."""
    out = np.zeros(labels.shape, np.uint8)
    for z, plane in enumerate(labels):
        for value in values:
            np.maximum(out[z], _weights(numbered_objects(plane, value)), out=out[z])
    return out


def _weights(ids: Numbers) -> Bytes:
    """Compute the share of w0 (Y, X) for the objects of one class."""
    first, second = distances(ids)
    share = np.exp(-np.square(first + second) / np.float32(2 * SIGMA**2))
    share[ids > 0] = 0
    return np.asarray((share * 255 + 0.5).astype(np.uint8))


def refreshed(weights: Bytes, before: Bytes, labels: Bytes, values: Sequence[int]) -> Bytes:
    """Update the `border_weights` of the label map `before` to those of `labels`, recomputing only around objects that changed."""
    out = weights.copy()
    for z in np.flatnonzero((before != labels).any(axis=(1, 2))):
        near = [_grown(part) for part in _touched(before[z], labels[z], values)]
        rows, columns = (_grown(part) for part in near)
        fresh = np.zeros((labels[z, rows, columns]).shape, np.uint8)
        for value in values:  # numbered in the whole slice: parts of an object may be connected elsewhere
            np.maximum(fresh, _weights(numbered_objects(labels[z], value)[rows, columns]), out=fresh)
        top, left = near[0].start - rows.start, near[1].start - columns.start
        out[z, near[0], near[1]] = fresh[top:, left:][: near[0].stop - near[0].start, : near[1].stop - near[1].start]
    return out


def _grown(part: slice) -> slice:
    return slice(max(0, part.start - REACH), part.stop + REACH)


def _touched(before: Bytes, after: Bytes, values: Sequence[int]) -> tuple[slice, slice]:
    """Return the box (Y, X) around all objects that contain a changed pixel, before or after."""
    changed = before != after
    grown = changed.copy()
    for plane in (before, after):
        for value in values:
            ids = numbered_objects(plane, value)
            hit = np.unique(ids[changed])
            grown |= np.isin(ids, hit[hit > 0])
    x, y, width, height = cv2.boundingRect(grown.view(np.uint8))
    return slice(y, y + height), slice(x, x + width)


def classes_of_objects(label_maps: Sequence[Bytes], values: Sequence[int]) -> list[int]:
    """Return the classes whose objects are compact and nearly touch in full (Z, Y, X) masks: cells and nuclei, not vessels or organs."""
    touching = []
    for value in values:
        sizes, boxes, largest, close = 0, 0, 0, 0
        objects = 0
        for labels in label_maps:
            plane = np.ascontiguousarray(labels[len(labels) // 2])
            _, _, stats, _ = cv2.connectedComponentsWithStats((plane == value).view(np.uint8), connectivity=8)
            areas = stats[1:, cv2.CC_STAT_AREA].astype(np.int64)
            sizes += int(areas.sum())
            boxes += int((stats[1:, cv2.CC_STAT_WIDTH].astype(np.int64) * stats[1:, cv2.CC_STAT_HEIGHT]).sum())
            largest += int(areas.max(initial=0))
            objects += len(areas)
            first, second = distances(numbered_objects(plane, value))
            close += int(((first + second <= NEAR) & (plane != value)).sum())
        many = objects >= 5 * len(label_maps) and largest <= 0.5 * sizes
        if many and sizes >= COMPACT * boxes and close >= 10 * objects:
            touching.append(value)
    return touching
