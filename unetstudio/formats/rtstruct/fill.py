"""Filling of closed contours: a pixel belongs to a structure when its centre lies in it or on its outline."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

ON_OUTLINE = 1e-3
"""Distance in pixels within which a centre lies on an outline; contours are written with few digits."""


def filled(contours: Sequence[NDArray[np.float64]], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the pixels (Y, X) inside an odd number of contours (N, 2) of rows and columns, the outline included.

    A contour inside another is a hole; so is one that is joined to the outer one by a keyhole. Two equal contours count once.
    """
    distinct = {np.round(contour, 3).tobytes(): contour for contour in contours}
    edges = np.concatenate([np.stack([contour, np.roll(contour, -1, axis=0)], axis=1) for contour in distinct.values()])  # (E, 2, 2)
    return _rows_filled(edges, shape, -ON_OUTLINE) | _rows_filled(edges, shape, ON_OUTLINE)


def _rows_filled(edges: NDArray[np.float64], shape: tuple[int, int], offset: float) -> NDArray[np.bool_]:
    """Fill by scan lines that lie `offset` beside the centres of the rows, so that those along an edge are no special case."""
    rows, columns = shape
    start, end = edges[:, 0], edges[:, 1]
    low, high = np.minimum(start[:, 0], end[:, 0]) - offset, np.maximum(start[:, 0], end[:, 0]) - offset
    first = np.clip(np.ceil(low), 0, rows).astype(np.int64)
    last = np.clip(np.ceil(high), 0, rows).astype(np.int64)  # exclusive, so that a corner counts for one of its edges
    counts = np.maximum(last - first, 0)
    edge = np.repeat(np.arange(len(edges)), counts)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts) + first[edge]
    share = (row + offset - start[edge, 0]) / (end[edge, 0] - start[edge, 0])
    crossing = start[edge, 1] + share * (end[edge, 1] - start[edge, 1])
    order = np.lexsort((crossing, row))
    row, crossing = row[order], crossing[order]
    left = np.clip(np.ceil(crossing[0::2] - ON_OUTLINE), 0, columns).astype(np.int64)  # each row has an even number of crossings
    right = np.clip(np.floor(crossing[1::2] + ON_OUTLINE) + 1, 0, columns).astype(np.int64)
    spans = left < right
    depth = np.zeros((rows, columns + 1), np.int32)
    np.add.at(depth, (row[0::2][spans], left[spans]), 1)
    np.add.at(depth, (row[0::2][spans], right[spans]), -1)
    return np.cumsum(depth, axis=1)[:, :columns] > 0
