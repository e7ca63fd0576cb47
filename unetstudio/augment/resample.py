"""Sampling of a patch from a scan's channels and labels at given coordinates, with a single interpolation."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from unetstudio.augment.resample_2d import sample_channels_2d, sample_labels_2d
from unetstudio.data.labels import UNLABELLED
from unetstudio.data.region import Region

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

MOST_ROWS = 2**15 - 1
"""Largest number of rows of an image that OpenCV's remap supports."""


def bounding_region(coordinates: Floats, shape: tuple[int, int, int], z: int | None = None) -> Region:
    """Return the region of a scan of `shape` (Z, Y, X) that holds all `coordinates` (D, ...) and their neighbours; `z` is the slice in 2D.

    It extends to a border of the scan if coordinates lie beyond it, so that mirroring at the part's border equals mirroring at the scan's.
    """
    start, stop = [], []
    axes = range(3) if z is None else (1, 2)
    for axis, along in zip(axes, coordinates, strict=True):
        low, high = int(np.floor(along.min())) - 1, int(np.ceil(along.max())) + 2
        beyond = max(0, -low, high - shape[axis])  # mirrored voxels lie as far inside as the coordinate lies outside
        start.append(min(max(0, min(low, shape[axis] - 1 - beyond)), shape[axis] - 1))
        stop.append(max(1, min(shape[axis], max(high, beyond + 1))))
    if z is not None:
        start, stop = [z, *start], [z + 1, *stop]
    return Region((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))


def sample_channels(channels: Floats, coordinates: Floats) -> Floats:
    """Interpolate (C, Z, Y, X) linearly at `coordinates` (D, *patch) to (C, *patch) float32; 2D patches read slice 0."""
    if len(coordinates) == 2:
        return sample_channels_2d(channels[:, 0], coordinates)
    if channels.shape[1] * channels.shape[2] < MOST_ROWS and coordinates[0].size // coordinates.shape[-1] < MOST_ROWS:
        return _sample_stacked(channels, coordinates)
    import torch
    from torch.nn.functional import grid_sample

    extents = [max(1, n - 1) for n in channels.shape[1:]]
    scaled = np.stack([coordinates[axis] * np.float32(2 / extents[axis]) - 1 for axis in (2, 1, 0)], axis=-1)
    source, grid = torch.from_numpy(np.ascontiguousarray(channels))[None], torch.from_numpy(scaled)[None]
    return np.asarray(grid_sample(source, grid, mode="bilinear", padding_mode="reflection", align_corners=True)[0].numpy(), np.float32)


def _sample_stacked(channels: Floats, coordinates: Floats) -> Floats:
    """Sample a volume as one tall image with the slices below one another: two samples in the plane, blended between the slices.

    This takes a seventh of the time of torch's grid_sample; float32 rows cost at most MOST_ROWS * 2**-24 voxels of precision.
    """
    depth, height, width = channels.shape[1:]
    across = (-1, coordinates.shape[-1])
    z, y, x = (_mirrored(along, extent).reshape(across) for along, extent in zip(coordinates, channels.shape[1:], strict=True))
    above = np.minimum(np.floor(z), np.float32(max(0, depth - 2)))
    weight = z - above
    rows = above * np.float32(height) + y
    below = rows + np.float32(height) if depth > 1 else rows
    out = np.empty((len(channels), *coordinates.shape[1:]), np.float32)
    for sampled, channel in zip(out, np.ascontiguousarray(channels), strict=True):
        tall = channel.reshape(-1, width)
        upper, lower = (
            np.asarray(cv2.remap(tall, x, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32) for row in (rows, below)
        )
        lower -= upper
        lower *= weight
        np.add(upper, lower, out=sampled.reshape(across))
    return out


def _mirrored(along: Floats, extent: int) -> Floats:
    """Reflect coordinates beyond an axis of `extent` voxels at its first and last voxel."""
    if along.min() >= 0 and along.max() <= extent - 1:
        return along
    period = np.float32(max(1, 2 * (extent - 1)))
    folded = np.abs(np.remainder(along + period / 2, period) - period / 2)
    return np.asarray(np.minimum(folded, np.float32(extent - 1)), np.float32)


def sample_labels(labels: Bytes, coordinates: Floats) -> Bytes:
    """Return (*patch) uint8, the nearest value of (Z, Y, X) at `coordinates`; UNLABELLED outside. 2D patches read slice 0."""
    if len(coordinates) == 2:
        return sample_labels_2d(labels[0], coordinates)
    flat, inside = np.zeros(coordinates.shape[1:], np.int64), np.ones(coordinates.shape[1:], np.bool_)
    for along, extent in zip(coordinates, labels.shape, strict=True):
        nearest = np.rint(along)
        inside &= (nearest >= 0) & (nearest < extent)
        flat *= extent
        flat += nearest.astype(np.int32)
    return np.where(inside, labels.reshape(-1).take(flat, mode="clip"), np.uint8(UNLABELLED))
