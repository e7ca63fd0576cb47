"""The plane of a colour image that tells the painted classes apart, so that only one plane has to be filtered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.pixel_classifier.plane_filters import FLOOR, local_moments, smoothed

Floats = NDArray[np.float32]
Painted = tuple[Floats, NDArray[np.integer[Any]]]
"""Local contrasts (N, C + 1, 2) of painted pixels, and their classes (N,)."""

REACHES = (20, 40)
"""Reach in pixels of the windows of local contrast; the colour itself would choose a channel by its illumination."""


def contrast_at(scan: Scan, where: NDArray[np.int64], scaled: Callable[[NDArray[Any]], Floats]) -> Floats:
    """Return (N, C + 1, 2) at (N, 3) positions: local contrast of the channels and their mean in two windows; `scaled` scales voxels."""
    contrasts = np.empty((len(where), 0, 0), np.float32)
    for z in np.unique(where[:, 0]):
        here = np.flatnonzero(where[:, 0] == z)
        y, x = where[here, 1], where[here, 2]
        box = Region((z, y.min(), x.min()), (z + 1, y.max() + 1, x.max() + 1)).grown((0, max(REACHES), max(REACHES))).clipped(scan.shape)
        channels = scaled(scan.voxels[(slice(None), *box.slices)])[:, 0]
        if not contrasts.size:
            contrasts = np.empty((len(where), len(channels) + 1, len(REACHES)), np.float32)
        for c, plane in enumerate((*channels, channels.mean(axis=0))):
            for r, reach in enumerate(REACHES):
                mean, deviation = local_moments(plane, reach)
                contrast = (smoothed(plane, 1.0) - mean) / (deviation + FLOOR)
                contrasts[here, c, r] = contrast[y - box.start[1], x - box.start[2]]
    return contrasts


def colour_axis(painted: Sequence[Painted], channels: int) -> tuple[float, ...]:
    """Return the weights of the channels: the channel, or the mean of all, whose contrasts tell the painted classes apart best.

    Fisher's discriminant, which also weights channels against one another, amplifies their noise (Dice on retinas .46 against .58).
    """
    axes = [*(tuple(float(c == only) for c in range(channels)) for only in range(channels)), (1 / channels,) * channels]
    values = np.concatenate([contrast for contrast, _ in painted]) if painted else np.empty((0, channels + 1, len(REACHES)), np.float32)
    classes = np.concatenate([of for _, of in painted]) if painted else np.empty(0, np.int64)
    if len(np.unique(classes)) < 2:
        return axes[-1]
    return max(reversed(axes), key=lambda axis: _ratio(values[:, axes.index(axis)], classes))


def _ratio(values: Floats, classes: NDArray[np.integer[Any]]) -> float:
    """Compute Fisher's ratio of (N, 2) values, summed: how far apart the means of the classes lie, against the spread within them."""
    parts = [values[classes == value] for value in np.unique(classes)]
    between, within = np.var([part.mean(axis=0) for part in parts], axis=0), np.mean([part.var(axis=0) for part in parts], axis=0)
    return float((between / (within + 1e-9)).sum())
