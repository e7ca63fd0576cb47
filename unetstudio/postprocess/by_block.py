"""Block-wise application of a step to a label map that is too large for memory: each block with its surroundings."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from unetstudio.data.region import Index, Region
from unetstudio.postprocess.components import components
from unetstudio.postprocess.step import Reaching, Step, StepInput

Labels = NDArray[np.uint8]

WINDOW = 16 * 2**20
"""Voxels of a block with its surroundings; a step takes about fifteen bytes for each."""

LONGEST = 512, 40
"""Extent in voxels of the largest object that a step changes, in pictures and in volumes; longer ones are left as they are."""


@dataclass(frozen=True)
class Block:
    """A finished block; `skipped` says whether an object was too long to lie in the block's surroundings and was left as it is."""

    done: int
    total: int
    skipped: bool


def reach(step: Step, input: StepInput) -> float:
    """Return the distance in voxels up to which a step depends on its surroundings; infinite for one that does not declare it."""
    return step.reach(input) if isinstance(step, Reaching) else math.inf


def by_block(
    step: Step,
    read: Callable[[Region], Labels],
    input_of: Callable[[Region], StepInput],
    write: Callable[[Region, Labels], None],
    shape: Index,
    *,
    window: int = WINDOW,
    longest: int = 0,
) -> Iterator[Block]:
    """Read labels (Z, Y, X) region by region, and write the step's result for each: the same as for the whole, except for objects longer
    than `longest` where the step depends on whole objects. `input_of` returns the input of a region."""
    flat = shape[0] == 1
    longest = longest or LONGEST[not flat]
    far = reach(step, input_of(Region((0, 0, 0), (1, 1, 1))))
    margin = int(min(far, 2 * longest + 2))
    blocks = _blocks(shape, margin, window)
    for done, core in enumerate(blocks, start=1):
        outer = core.grown((0 if flat else margin, margin, margin)).clipped(shape)
        labels = read(outer)
        input = input_of(outer)
        result, _ = step(labels, input)
        skipped = far > margin and result is not labels and bool(step.objects) and _leave_long(labels, result, input.background, longest)
        write(core, np.ascontiguousarray(result[core.within(outer)]))
        yield Block(done, len(blocks), skipped)


def _blocks(shape: Index, halo: int, window: int) -> list[Region]:
    """Divide an array of `shape` into blocks of about `window` voxels with their halos."""
    flat = shape[0] == 1
    edge = max(round(window ** (1 / (2 if flat else 3))) - 2 * halo, halo, 16)
    starts = [range(0, n, n if flat and axis == 0 else edge) for axis, n in enumerate(shape)]
    boxes = [Region((z, y, x), (z + edge, y + edge, x + edge)) for z in starts[0] for y in starts[1] for x in starts[2]]
    return [box.clipped(shape) for box in boxes]


def _leave_long(labels: Labels, result: Labels, background: int, longest: int) -> bool:
    """Undo, in `result`, changes to objects longer than `longest`, so that all blocks agree; return whether there were any."""
    changed, skipped = result != labels, False
    for value in np.unique(labels[changed]):
        ids, extents = _numbered(changed & (labels == value), corners=bool(value != background))
        long = extents > longest
        if long.any():
            np.copyto(result, labels, where=long[ids])
            skipped = True
    return skipped


def _numbered(mask: NDArray[np.bool_], *, corners: bool) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Number the components of a mask (Z, Y, X): return ids (0 outside), and the extent of each in voxels, 0 for the outside."""
    if mask.shape[0] == 1:
        plane = np.ascontiguousarray(mask[0]).view(np.uint8)
        _, ids, stats, _ = cv2.connectedComponentsWithStats(plane, connectivity=8 if corners else 4, ltype=cv2.CV_32S)
        extents = np.asarray(stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1), np.int64)
        extents[0] = 0
        return np.asarray(ids, np.int32)[None], extents
    from scipy import ndimage

    numbers, _ = components(mask, corners=corners)
    boxes = ndimage.find_objects(numbers)
    return numbers, np.array([0, *(max(side.stop - side.start for side in box) for box in boxes)], np.int64)
