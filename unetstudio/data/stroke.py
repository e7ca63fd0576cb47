"""A stroke: it paints into a label map while the pointer is down, and ends as an Edit or is rolled back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.edit import Edit, constant
from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.origin import Origin
from unetstudio.data.region import Index, Region, tight

BLOCK = 128
"""Edge in y and x of the blocks of old values that a stroke keeps: its cost depends on the brush, not on the image."""

PART = 2**19
"""Largest box of a part in voxels: a part costs a few milliseconds however far the stroke has moved since the last."""


@dataclass(slots=True)
class _Block:
    """The old values and origins of a touched block, and the mask of its voxels that the stroke changed."""

    region: Region
    before: NDArray[np.uint8]
    before_origin: NDArray[np.uint8]
    changed: NDArray[np.bool_]
    stored: NDArray[np.bool_]  # those that an earlier part contains


class Stroke:
    """Painting from press to release. Voxels of locked classes are left alone; erasing paints UNLABELLED."""

    def __init__(self, labels: LabelMap, value: int, *, tool: str, origin: int = Origin.PAINTED, locked: Collection[int] = ()) -> None:
        self.labels = labels
        self.value = value
        self.tool = tool
        self._origin = int(Origin.NONE) if value == UNLABELLED else int(origin)
        self._locked = np.array(sorted(locked), np.uint8)
        self._blocks: dict[Index, _Block] = {}
        self._fresh: dict[Index, None] = {}  # blocks touched since the last part, in order

    def paint(self, region: Region, mask: NDArray[np.bool_]) -> Region:
        """Give the stroke's class to the voxels of `mask` (Z, Y, X of `region`); return the part inside the scan, to repaint."""
        inside = region.clipped(self.labels.shape)
        if inside.empty:
            return inside
        mask = mask[inside.within(region)]
        if self._locked.size:
            mask = mask & ~np.isin(self.labels.values[inside.slices], self._locked)
        for block in self._touch(inside):
            part = inside & block.region
            covered = mask[part.within(inside)]
            block.changed[part.within(block.region)] |= covered
            self.labels.values[part.slices][covered] = self.value
            self.labels.origin[part.slices][covered] = self._origin
        return inside

    def commit(self) -> Edit | None:
        """End the stroke and return it as an Edit, already applied, or None when it changed nothing."""
        edit = self._edit([(block, self._differing(block)) for block in self._blocks.values()])
        if edit is not None:
            self.labels.recount(edit.before, edit.after)
        self._blocks.clear()
        self._fresh.clear()
        return edit

    def part(self) -> Edit | None:
        """Return changes since the last part as an Edit, or None when there are none. A long movement takes several calls.

        A crash loses only changes that are in no part. `commit` returns the whole stroke, regardless of the parts.
        """
        changes: list[tuple[_Block, NDArray[np.bool_]]] = []
        box = Region((0, 0, 0), (0, 0, 0))
        for key in list(self._fresh):
            block = self._blocks[key]
            if changes and (box | block.region).size > PART:
                break
            del self._fresh[key]
            mask = self._differing(block) & ~block.stored
            if mask.any():
                block.stored |= mask
                changes.append((block, mask))
                box |= block.region
        return self._edit(changes)

    def _differing(self, block: _Block) -> NDArray[np.bool_]:
        """Return the mask of the block's voxels whose value or origin the stroke has changed."""
        mask: NDArray[np.bool_] = block.changed & ((block.before != self.value) | (block.before_origin != self._origin))
        return mask

    def _edit(self, changes: Sequence[tuple[_Block, NDArray[np.bool_]]]) -> Edit | None:
        """Make an Edit of masked voxels of blocks, from the values before the stroke; None when there are none."""
        box = Region((0, 0, 0), (0, 0, 0))
        for block, some in changes:
            box |= _tight(block, some)
        if box.empty:
            return None
        mask = np.zeros(box.shape, np.bool_)
        before = np.zeros(box.shape, np.uint8)
        before_origin = np.zeros(box.shape, np.uint8)
        for block, some in changes:
            part = block.region & box
            if part.empty:
                continue
            inner, outer = part.within(block.region), part.within(box)
            mask[outer] = some[inner]
            before[outer] = block.before[inner]
            before_origin[outer] = block.before_origin[inner]
        old = before[mask]
        return Edit.of(
            box,
            mask,
            old,
            constant(self.value, old.size),
            before_origin[mask],
            constant(self._origin, old.size),
            tool=self.tool,
            value=self.value,
        )

    def rollback(self) -> Region:
        """Undo the whole stroke, as after Escape; return the region to repaint."""
        touched = Region((0, 0, 0), (0, 0, 0))
        for block in self._blocks.values():
            self.labels.values[block.region.slices] = block.before
            self.labels.origin[block.region.slices] = block.before_origin
            touched |= block.region
        self._blocks.clear()
        self._fresh.clear()
        return touched

    def _touch(self, inside: Region) -> list[_Block]:
        """Return the blocks under a region, storing the old values of those touched for the first time."""
        (z0, y0, x0), (z1, y1, x1) = inside.start, inside.stop
        rows, columns = range(y0 // BLOCK, (y1 - 1) // BLOCK + 1), range(x0 // BLOCK, (x1 - 1) // BLOCK + 1)
        return [self._block(key) for key in product(range(z0, z1), rows, columns)]

    def _block(self, key: Index) -> _Block:
        self._fresh[key] = None
        if key not in self._blocks:
            z, row, column = key
            box = Region((z, row * BLOCK, column * BLOCK), (z + 1, (row + 1) * BLOCK, (column + 1) * BLOCK))
            box = box.clipped(self.labels.shape)
            values, origin = self.labels.values[box.slices].copy(), self.labels.origin[box.slices].copy()
            self._blocks[key] = _Block(box, values, origin, np.zeros(box.shape, np.bool_), np.zeros(box.shape, np.bool_))
        return self._blocks[key]


def _tight(block: _Block, mask: NDArray[np.bool_]) -> Region:
    """Return the smallest box around masked voxels of a block, in the label map's coordinates."""
    box = tight(mask)
    z, y, x = block.region.start
    (z0, y0, x0), (z1, y1, x1) = box.start, box.stop
    return Region((z0 + z, y0 + y, x0 + x), (z1 + z, y1 + y, x1 + x))
