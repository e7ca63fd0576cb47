"""The connected parts of a class's labels, each taken for a stroke, and a lot for each that does not depend on the others."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects, generate_binary_structure
from scipy.ndimage import label as label_components

from unetstudio.data.region import Index, Region, tight

Places = NDArray[np.int64]

TOUCHING = generate_binary_structure(3, 3)
"""Voxels that share a corner touch: a thin slanted line is one stroke."""


def parts(mask: NDArray[np.bool_], start: Index = (0, 0, 0)) -> Iterator[tuple[Region, NDArray[np.bool_]]]:
    """Yield each connected part of a mask (Z, Y, X) that begins at `start` in a scan: its box in the scan, and its mask in the box."""
    box = tight(mask)
    if box.empty:
        return
    components, _ = label_components(mask[box.slices], TOUCHING)
    corner = [a + b for a, b in zip(start, box.start, strict=True)]
    for number, inside in enumerate(find_objects(components), start=1):
        (z0, z1), (y0, y1), (x0, x1) = ((s.start + first, s.stop + first) for s, first in zip(inside, corner, strict=True))
        yield Region((z0, y0, x0), (z1, y1, x1)), components[inside] == number


def flat_places(box: Region, inside: NDArray[np.bool_], shape: Index) -> Places:
    """Return the flat voxel numbers in a scan of `shape` of the voxels `inside` a box."""
    at = np.nonzero(inside)
    moved = tuple(along + first for along, first in zip(at, box.start, strict=True))
    return np.asarray(np.ravel_multi_index(moved, shape), np.int64)


def draw_lot(places: Places, name: str) -> tuple[int, int]:
    """Return the voxel that stands for a stroke, and a random number for it; both mostly stay when the stroke grows or shrinks.

    The voxel is that of the least hash (min-wise hashing, Broder 1997). `name` seeds the hash.
    """
    salt = np.frombuffer(hashlib.sha256(name.encode()).digest()[:8], np.uint64)
    hashes = _mixed(places.astype(np.uint64) + salt)
    least = int(hashes.argmin())
    return int(places[least]), int(_mixed(hashes[least : least + 1])[0])


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Mix the bits of each number (the finaliser of SplitMix64, Steele 2014)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(numbers ^ (numbers >> np.uint64(31)), np.uint64)
