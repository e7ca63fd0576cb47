"""From a mask to numbered objects, whether its values number objects already or name classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def objects(mask: NDArray[np.integer[Any]]) -> NDArray[np.int32]:
    """Objects (Z, Y, X) numbered from 1; 0 is the ground.

    In a mask of numbered objects a value is an object, also one in two pieces. In others values are classes, and each piece of equal value
    (connected across faces, edges and corners) is an object.
    """
    pieces = _pieces(mask)
    if not _one_each(mask, pieces):
        return pieces
    return np.where(mask == 0, 0, np.searchsorted(np.unique(mask[mask != 0]), mask) + 1).astype(np.int32)


def are_numbered(mask: NDArray[np.integer[Any]]) -> bool:
    """Whether the values of a mask number objects: there are several, and most of them are one connected piece."""
    return _one_each(mask, _pieces(mask))


def _pieces(mask: NDArray[np.integer[Any]]) -> NDArray[np.int32]:
    from skimage.measure import label

    return np.asarray(label(mask, background=0, connectivity=mask.ndim), np.int32)


def _one_each(mask: NDArray[np.integer[Any]], pieces: NDArray[np.int32]) -> bool:
    found, first = np.unique(pieces, return_index=True)
    owners = mask.reshape(-1)[first[found != 0]]
    counts = np.unique(owners, return_counts=True)[1]
    return len(counts) > 1 and bool(np.median(counts) == 1)
