"""Crops that let a U-shaped network compute only a window of its output: the decoder needs just the window and a narrow rim."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

Window = Sequence[tuple[int, int]]
"""Start and stop along each spatial axis."""

Crop = tuple[slice, ...]
"""An index into an array (N, C, ...)."""


def crops_for(shape: Sequence[int], window: Window, pools: Sequence[Sequence[int]], around: Sequence[Sequence[int]]) -> list[Crop]:
    """Return crops for a window of the output for an image of `shape`: for each decoder level from the coarsest, one of the decoder's
    features and one of the skip, and last one of the logits. Each indexes the result of the crops before it.

    Same padding is assumed. `around` holds the voxels that a level's convolutions need on each side, finest level first. At the border of
    the image nothing is cropped, so that zero padding acts as in the whole image and the window equals that part of the whole output.
    """
    features, skips = [list(window)], []
    for factors, margins in zip(pools, around, strict=True):
        bounds = zip(features[-1], factors, margins, shape, strict=True)
        skips.append([(max(0, a - m) // f * f, min(n, -(-(b + m) // f) * f)) for (a, b), f, m, n in bounds])
        features.append([(a // f, b // f) for (a, b), f in zip(skips[-1], factors, strict=True)])
        shape = [n // f for n, f in zip(shape, factors, strict=True)]
    zeros = [0] * len(window)
    crops, origin = [], zeros
    for skip, feature in zip(skips[::-1], features[:0:-1], strict=True):
        crops += [_crop(feature, origin), _crop(skip, zeros)]
        origin = [a for a, _ in skip]
    return [*crops, _crop(window, origin)]


def crop_bounds(crops: Sequence[Crop]) -> Tensor:
    """Convert crops to a tensor (crop, axis, start and stop) int64."""
    return torch.tensor([[[axis.start, axis.stop] for axis in crop[2:]] for crop in crops], dtype=torch.int64)


def crop_to(logits: Tensor, window: Window) -> Tensor:
    """Crop (N, K, ...) to a window."""
    return logits[(slice(None), slice(None), *(slice(a, b) for a, b in window))]


def _crop(window: Window, origin: Sequence[int]) -> Crop:
    return (slice(None), slice(None), *(slice(a - o, b - o) for (a, b), o in zip(window, origin, strict=True)))
