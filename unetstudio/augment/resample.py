"""Reads a patch from a scan's channels and labels at given places: once, straight from the source, mirrored at its borders."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from unetstudio.augment.plane import sample_plane, sample_plane_labels
from unetstudio.data.labels import UNLABELLED
from unetstudio.data.region import Region

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

MOST_ROWS = 2**15 - 1
"""Larger pictures are more than OpenCV reads from."""


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
        return sample_plane(channels[:, 0], places)
    if channels.shape[1] * channels.shape[2] < MOST_ROWS and places[0].size // places.shape[-1] < MOST_ROWS:
        return _sample_stacked(channels, places)
    import torch
    from torch.nn.functional import grid_sample

    extents = [max(1, n - 1) for n in channels.shape[1:]]
    scaled = np.stack([places[axis] * np.float32(2 / extents[axis]) - 1 for axis in (2, 1, 0)], axis=-1)
    source, grid = torch.from_numpy(np.ascontiguousarray(channels))[None], torch.from_numpy(scaled)[None]
    return np.asarray(grid_sample(source, grid, mode="bilinear", padding_mode="reflection", align_corners=True)[0].numpy(), np.float32)


def _sample_stacked(channels: Floats, places: Floats) -> Floats:
    """Volumes as one tall picture, slice below slice: two readings in the plane, mixed by the place between the slices.

    A seventh of the time of torch's grid_sample; the row's number costs the place at most MOST_ROWS * 2**-24 voxels.
    """
    depth, height, width = channels.shape[1:]
    across = (-1, places.shape[-1])
    z, y, x = (_mirrored(along, extent).reshape(across) for along, extent in zip(places, channels.shape[1:], strict=True))
    above = np.minimum(np.floor(z), np.float32(max(0, depth - 2)))
    share = z - above
    rows = above * np.float32(height) + y
    below = rows + np.float32(height) if depth > 1 else rows
    out = np.empty((len(channels), *places.shape[1:]), np.float32)
    for found, channel in zip(out, np.ascontiguousarray(channels), strict=True):
        tall = channel.reshape(-1, width)
        upper, lower = (
            np.asarray(cv2.remap(tall, x, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32) for row in (rows, below)
        )
        lower -= upper
        lower *= share
        np.add(upper, lower, out=found.reshape(across))
    return out


def _mirrored(along: Floats, extent: int) -> Floats:
    """Places beyond an axis of `extent` voxels, folded back at its first and last voxel."""
    if along.min() >= 0 and along.max() <= extent - 1:
        return along
    period = np.float32(max(1, 2 * (extent - 1)))
    folded = np.abs(np.remainder(along + period / 2, period) - period / 2)
    return np.asarray(np.minimum(folded, np.float32(extent - 1)), np.float32)


def sample_labels(labels: Bytes, places: Floats) -> Bytes:
    """(*patch) uint8, the nearest value of (Z, Y, X) at `places`; UNLABELLED outside. 2D patches read slice 0."""
    if len(places) == 2:
        return sample_plane_labels(labels[0], places)
    flat, inside = np.zeros(places.shape[1:], np.int64), np.ones(places.shape[1:], np.bool_)
    for along, extent in zip(places, labels.shape, strict=True):
        nearest = np.rint(along)
        inside &= (nearest >= 0) & (nearest < extent)
        flat *= extent
        flat += nearest.astype(np.int32)
    return np.where(inside, labels.reshape(-1).take(flat, mode="clip"), np.uint8(UNLABELLED))
