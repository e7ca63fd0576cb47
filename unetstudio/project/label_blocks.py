"""The blocks into which a label map is divided on disk, and those that an Edit changes."""

from __future__ import annotations

from itertools import product

import numpy as np

from unetstudio.data.edit import Edit
from unetstudio.data.region import Index

FEW, LARGE = 4, 2**26
"""Number of blocks up to which, and of voxels above which, all blocks of an Edit's box count as changed."""


def block_shape(shape: Index) -> Index:
    """Return the shape of a block: flat tiles for pictures, bricks for volumes, about the size of a stroke."""
    z, y, x = shape
    edge = 512 if z == 1 else 128
    return (min(z, 16), min(y, edge), min(x, edge))


def all_blocks(shape: Index) -> list[Index]:
    """List the blocks of a label map of `shape`, as (z, y, x) block numbers."""
    z, y, x = (range(-(-size // edge)) for size, edge in zip(shape, block_shape(shape), strict=True))
    return list(product(z, y, x))


def blocks_of(edit: Edit, shape: Index) -> set[Index]:
    """Return the blocks of a label map of `shape` that an Edit changes."""
    block = block_shape(shape)
    first = [a // edge for a, edge in zip(edit.region.start, block, strict=True)]
    last = [-(-b // edge) for b, edge in zip(edit.region.stop, block, strict=True)]
    counts = [b - a for a, b in zip(first, last, strict=True)]
    hit = np.ones(counts, np.bool_)
    if hit.size > FEW and edit.region.size <= LARGE:
        hit = edit.mask
        for axis, (a, n) in enumerate(zip(first, counts, strict=True)):
            borders = np.maximum((a + np.arange(n)) * block[axis] - edit.region.start[axis], 0)
            hit = np.logical_or.reduceat(hit, borders, axis=axis)
    z0, y0, x0 = first
    return {(z0 + int(z), y0 + int(y), x0 + int(x)) for z, y, x in np.argwhere(hit)}


def block_slices(block: Index, shape: Index) -> tuple[slice, ...]:
    """Return the slices of a block in the arrays."""
    edges = zip(block, block_shape(shape), shape, strict=True)
    return tuple(slice(at * edge, min((at + 1) * edge, size)) for at, edge, size in edges)
