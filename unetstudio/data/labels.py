"""The label map: a class value and an origin for each voxel of a scan."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.edit import Bytes, Edit, constant
from unetstudio.data.origin import SOURCE, Origin
from unetstudio.data.region import Index, Region, tight

UNLABELLED = 255
"""The value of a voxel that is not annotated; the loss's `ignore_index`."""

MAX_CLASSES = 255
"""Number of possible class values, 0..254."""

BLOCK = 2**20
FEW = 2**17
"""Number of voxels up to which they are not counted in pairs."""


class LabelMap:
    """Class values and origins, (Z, Y, X) uint8 each, with a running count of voxels per value.

    Only `apply` changes it, and the current `Stroke`, which becomes an Edit.
    """

    def __init__(self, values: Bytes, origin: Bytes | None = None, counts: NDArray[np.int64] | None = None) -> None:
        if values.ndim != 3 or values.dtype != np.uint8:
            raise ValueError(f"label values must be (Z, Y, X) uint8, not {values.shape} {values.dtype}")
        self.values = values
        self.origin = np.where(values == UNLABELLED, 0, int(Origin.IMPORTED)).astype(np.uint8) if origin is None else origin
        self.counts: NDArray[np.int64] = tally(values) if counts is None else counts

    @classmethod
    def unlabelled(cls, shape: Index) -> LabelMap:
        """Make an empty label map for a scan of `shape` (Z, Y, X)."""
        counts = np.zeros(256, np.int64)
        counts[UNLABELLED] = math.prod(shape)
        return cls(np.full(shape, UNLABELLED, np.uint8), np.zeros(shape, np.uint8), counts)

    @property
    def shape(self) -> Index:
        """The shape (Z, Y, X)."""
        z, y, x = self.values.shape
        return (z, y, x)

    @property
    def annotated(self) -> int:
        """Number of voxels with a class."""
        return int(self.values.size - self.counts[UNLABELLED])

    @property
    def nbytes(self) -> int:
        """Bytes of values and origins."""
        return self.values.nbytes + self.origin.nbytes

    def apply(self, edit: Edit) -> Region:
        """Write the edit's new values and return the region to repaint."""
        mask = edit.mask
        self.values[edit.region.slices][mask] = edit.after
        self.origin[edit.region.slices][mask] = edit.after_origin
        self.recount(edit.before, edit.after)
        return edit.region

    def change(self, mask: NDArray[np.bool_], values: Bytes, origin: Origin, tool: str) -> Edit | None:
        """Make the Edit, without applying it, that gives the voxels of `mask` their `values` (both Z, Y, X); None for an empty mask."""
        region = tight(mask)
        if region.empty:
            return None
        inside = mask[region.slices]
        after = values[region.slices][inside]
        return Edit.of(
            region,
            inside,
            self.values[region.slices][inside],
            after,
            self.origin[region.slices][inside],
            constant(origin, after.size),
            tool=tool,
            value=int(after[0]) if (after == after[0]).all() else UNLABELLED,
        )

    def recount(self, before: Bytes, after: Bytes) -> None:
        """Move voxels from the counts of their old values to those of their new ones."""
        self.counts += tally(after) - tally(before)

    def painted(self, region: Region, of: Sequence[int] | None = None) -> NDArray[np.bool_]:
        """Return the mask (Z, Y, X of the region) of voxels painted by hand, which nothing may overrule.

        With `of`, only voxels of these classes count: strokes of removed classes have no effect.
        """
        mask: NDArray[np.bool_] = (self.origin[region.slices] & SOURCE) == Origin.PAINTED
        return mask if of is None else mask & np.isin(self.values[region.slices], of)

    def look(self, region: Region, of: Sequence[int]) -> tuple[Bytes, NDArray[np.bool_]]:
        """Copy the values and the `painted` mask; safe while another thread paints: each painted voxel has a class in `of`."""
        values, origin = self.values[region.slices].copy(), self.origin[region.slices].copy()
        return values, ((origin & SOURCE) == Origin.PAINTED) & np.isin(values, of)


def tally(values: Bytes) -> NDArray[np.int64]:
    """Count voxels per value (256,), block by block and in pairs, since bincount converts each number to eight bytes."""
    counts = np.zeros(256, np.int64)
    if values.size and values.strides == (0,):
        counts[values[0]] = values.size
        return counts
    flat = np.ascontiguousarray(values).reshape(-1)
    paired = flat.size // 2 * 2 if flat.size > FEW else 0
    pairs = flat[:paired].view(np.uint16)
    for start in range(0, pairs.size, BLOCK):
        both = np.bincount(pairs[start : start + BLOCK], minlength=65536).reshape(256, 256)
        counts += both.sum(axis=0) + both.sum(axis=1)
    return counts + np.bincount(flat[paired:], minlength=256)
