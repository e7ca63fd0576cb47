"""How a U-shaped network answers a window of an image: the way up, most of its work, needs but the window and a rim of some voxels."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

Window = Sequence[tuple[int, int]]
"""Start and stop along each axis."""

Cut = tuple[slice, ...]
"""Indexes (N, C, ...)."""


def cuts_for(shape: Sequence[int], window: Window, pools: Sequence[Sequence[int]], around: Sequence[Sequence[int]]) -> list[Cut]:
    """What the way up needs for a window of its answer to an image of `shape`: of what has risen so far and of the skip, level by level
    from the coarsest, and of the answer at the end; each as an index of what the cuts before have left.

    With same padding. `around` are the voxels that the convolutions of a level need on each side, finest first. Nothing is cut at the rim
    of the image, where zeros stand beyond it, so that the answer is that to the image as a whole.
    """
    kept, needed = [list(window)], []
    for factors, margins in zip(pools, around, strict=True):
        bounds = zip(kept[-1], factors, margins, shape, strict=True)
        needed.append([(max(0, a - m) // f * f, min(n, -(-(b + m) // f) * f)) for (a, b), f, m, n in bounds])
        kept.append([(a // f, b // f) for (a, b), f in zip(needed[-1], factors, strict=True)])
        shape = [n // f for n, f in zip(shape, factors, strict=True)]
    nothing = [0] * len(window)
    found, origin = [], nothing
    for skip, risen in zip(needed[::-1], kept[:0:-1], strict=True):
        found += [_cut(risen, origin), _cut(skip, nothing)]
        origin = [a for a, _ in skip]
    return [*found, _cut(window, origin)]


def bounds_of(cuts: Sequence[Cut]) -> Tensor:
    """(cut, axis, start and stop) int64."""
    return torch.tensor([[[axis.start, axis.stop] for axis in cut[2:]] for cut in cuts], dtype=torch.int64)


def part_of(logits: Tensor, window: Window) -> Tensor:
    """A window of (N, K, ...)."""
    return logits[(slice(None), slice(None), *(slice(a, b) for a, b in window))]


def _cut(window: Window, origin: Sequence[int]) -> Cut:
    return (slice(None), slice(None), *(slice(a - o, b - o) for (a, b), o in zip(window, origin, strict=True)))
