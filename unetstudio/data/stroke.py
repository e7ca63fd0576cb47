"""A stroke: it paints into a label map while the pointer is down, and ends as an Edit or as nothing."""

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
"""Edge in y and x of the blocks of old values that a stroke keeps: its cost follows the brush, not the image."""

PART = 2**19
"""Largest box of one part in voxels: a part costs a few milliseconds however far the stroke has swept since the last."""


@dataclass(slots=True)
class _Block:
    """Old values and origins of one touched block, and which of its voxels this stroke changed."""

    region: Region
    before: NDArray[np.uint8]
    before_origin: NDArray[np.uint8]
    changed: NDArray[np.bool_]
    stored: NDArray[np.bool_]  # those of them that a part of the stroke holds already


class Stroke:
    """The painting from press to release. Voxels of locked classes are left alone; erasing paints UNLABELLED."""

    def __init__(self, labels: LabelMap, value: int, *, tool: str, origin: int = Origin.PAINTED, locked: Collection[int] = ()) -> None:
        self.labels = labels
        self.value = value
        self.tool = tool
        self._origin = int(Origin.NONE) if value == UNLABELLED else int(origin)
        self._locked = np.array(sorted(locked), np.uint8)
        self._blocks: dict[Index, _Block] = {}
        self._fresh: dict[Index, None] = {}  # blocks touched since the last part, in the order of their touch

    def paint(self, region: Region, mask: NDArray[np.bool_]) -> Region:
        """Give the stroke's class to the voxels of `mask` (Z, Y, X of `region`); returns the part inside the scan, to repaint."""
        inside = region.clipped(self.labels.shape)
        if inside.empty:
            return inside
        mask = mask[inside.within(region)]
        if self._locked.size:
            mask = mask & ~np.isin(self.labels.values[inside.slices], self._locked)
        for block in self._touch(inside):
            part = inside & block.region
            chosen = mask[part.within(inside)]
            block.changed[part.within(block.region)] |= chosen
            self.labels.values[part.slices][chosen] = self.value
            self.labels.origin[part.slices][chosen] = self._origin
        return inside

    def commit(self) -> Edit | None:
        """End the stroke: return it as one Edit, already applied, or None when it changed nothing."""
        edit = self._edit([(block, self._differing(block)) for block in self._blocks.values()])
        if edit is not None:
            self.labels.recount(edit.before, edit.after)
        self._blocks.clear()
        self._fresh.clear()
        return edit

    def part(self) -> Edit | None:
        """The changes since the last part as an Edit, or None when there are none. A far sweep takes several calls until then.

        A crash loses only the changes that no part holds. `commit` returns the whole stroke, whatever parts were taken.
        """
        chosen: list[tuple[_Block, NDArray[np.bool_]]] = []
        box = Region((0, 0, 0), (0, 0, 0))
        for key in list(self._fresh):
            block = self._blocks[key]
            if chosen and (box | block.region).size > PART:
                break
            del self._fresh[key]
            mask = self._differing(block) & ~block.stored
            if mask.any():
                block.stored |= mask
                chosen.append((block, mask))
                box |= block.region
        return self._edit(chosen)

    def _differing(self, block: _Block) -> NDArray[np.bool_]:
        """The block's voxels whose value or origin the stroke has changed."""
        mask: NDArray[np.bool_] = block.changed & ((block.before != self.value) | (block.before_origin != self._origin))
        return mask

    def _edit(self, chosen: Sequence[tuple[_Block, NDArray[np.bool_]]]) -> Edit | None:
        """The chosen voxels of some blocks as one Edit from the values before the stroke; None when there are none."""
        box = Region((0, 0, 0), (0, 0, 0))
        for block, some in chosen:
            box |= _tight(block, some)
        if box.empty:
            return None
        mask = np.zeros(box.shape, np.bool_)
        before = np.zeros(box.shape, np.uint8)
        before_origin = np.zeros(box.shape, np.uint8)
        for block, some in chosen:
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
        """Take everything back, as after Escape; returns the region to repaint."""
        touched = Region((0, 0, 0), (0, 0, 0))
        for block in self._blocks.values():
            self.labels.values[block.region.slices] = block.before
            self.labels.origin[block.region.slices] = block.before_origin
            touched |= block.region
        self._blocks.clear()
        self._fresh.clear()
        return touched

    def _touch(self, inside: Region) -> list[_Block]:
        """The blocks under a region, whose old values are kept from the first touch on."""
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


def _tight(block: _Block, chosen: NDArray[np.bool_]) -> Region:
    """The smallest box round chosen voxels of a block, in the label map's coordinates."""
    box = tight(chosen)
    z, y, x = block.region.start
    (z0, y0, x0), (z1, y1, x1) = box.start, box.stop
    return Region((z0 + z, y0 + y, x0 + x), (z1 + z, y1 + y, x1 + x))
