"""Numbering of the objects in a mask, whose values either number objects already or denote classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def label_objects(mask: NDArray[np.integer[Any]]) -> NDArray[np.int32]:
    """Number the objects of a mask (Z, Y, X) from 1; 0 is the background.

    If the mask numbers objects, each value is an object, even one in several pieces. Otherwise values are classes, and each connected
    component of equal value (across faces, edges and corners) is an object.
    """
    components = _components(mask)
    if not _one_component_each(mask, components):
        return components
    return np.where(mask == 0, 0, np.searchsorted(np.unique(mask[mask != 0]), mask) + 1).astype(np.int32)


def are_numbered(mask: NDArray[np.integer[Any]]) -> bool:
    """Whether the values of a mask number objects: there are several, and most of them are one connected component."""
    return _one_component_each(mask, _components(mask))


def _components(mask: NDArray[np.integer[Any]]) -> NDArray[np.int32]:
    from skimage.measure import label

    return np.asarray(label(mask, background=0, connectivity=mask.ndim), np.int32)


def _one_component_each(mask: NDArray[np.integer[Any]], components: NDArray[np.int32]) -> bool:
    numbers, first = np.unique(components, return_index=True)
    values = mask.reshape(-1)[first[numbers != 0]]
    counts = np.unique(values, return_counts=True)[1]
    return len(counts) > 1 and bool(np.median(counts) == 1)
