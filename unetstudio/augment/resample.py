"""Reads a patch from a scan's channels and labels at given places: once, straight from the source, mirrored at its borders."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from unetstudio.data.labels import UNLABELLED
from unetstudio.data.region import Region

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]


def needed(places: Floats, shape: tuple[int, int, int], z: int | None = None) -> Region:
    """The part of a scan of `shape` (Z, Y, X) that holds all `places` (D, ...) and their neighbours; `z` is the slice of a 2D patch.

    It reaches a border where a place lies beyond it, so that mirroring within the part is mirroring at the scan's border.
    """
    start, stop = [], []
    axes = range(3) if z is None else (1, 2)
    for axis, along in zip(axes, places, strict=True):
        low, high = int(np.floor(along.min())) - 1, int(np.ceil(along.max())) + 2
        beyond = max(0, -low, high - shape[axis])  # mirrored voxels lie as far inside as the place lies outside
        start.append(min(max(0, min(low, shape[axis] - 1 - beyond)), shape[axis] - 1))
        stop.append(max(1, min(shape[axis], max(high, beyond + 1))))
    if z is not None:
        start, stop = [z, *start], [z + 1, *stop]
    return Region((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))


def sample_channels(channels: Floats, places: Floats) -> Floats:
    """(C, *patch) float32 by linear interpolation from (C, Z, Y, X) at `places` (D, *patch); 2D patches read slice 0."""
    if len(places) == 2:
        rows, columns = places
        planes = [cv2.remap(c[0], columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101) for c in channels]
        return np.stack(planes).astype(np.float32, copy=False)
    import torch
    from torch.nn.functional import grid_sample

    extents = [max(1, n - 1) for n in channels.shape[1:]]
    scaled = np.stack([places[axis] * np.float32(2 / extents[axis]) - 1 for axis in (2, 1, 0)], axis=-1)
    source, grid = torch.from_numpy(np.ascontiguousarray(channels))[None], torch.from_numpy(scaled)[None]
    return np.asarray(grid_sample(source, grid, mode="bilinear", padding_mode="reflection", align_corners=True)[0].numpy(), np.float32)


def sample_labels(labels: Bytes, places: Floats) -> Bytes:
    """(*patch) uint8, the nearest value of (Z, Y, X) at `places`; UNLABELLED outside. 2D patches read slice 0."""
    if len(places) == 2:
        rows, columns = places
        outside: Any = (UNLABELLED,)
        found = cv2.remap(labels[0], columns, rows, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=outside)
        return np.asarray(found, np.uint8)
    index = np.rint(places).astype(np.int32)
    inside = np.ones(index.shape[1:], np.bool_)
    for axis, extent in enumerate(labels.shape):
        inside &= (index[axis] >= 0) & (index[axis] < extent)
        np.clip(index[axis], 0, extent - 1, out=index[axis])
    return np.where(inside, labels[index[0], index[1], index[2]], np.uint8(UNLABELLED))
