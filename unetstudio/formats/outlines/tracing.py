"""Outlines of regions: polygons with holes that follow the edges of pixels, traced from masks and filled again exactly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Ring = NDArray[np.floating[Any] | np.integer[Any]]
"""Corners (N, 2) as x, y, where (0, 0) is the outer corner of the first pixel; the last corner is not the first again."""

Polygon = list[Ring]
"""One outer ring and the rings of its holes."""

Window = tuple[slice, slice]
"""The rows and columns of an image that a polygon touches."""


def trace(mask: NDArray[np.bool_]) -> list[Polygon]:
    """Return a polygon for each region of a mask (Y, X) whose pixels join by their edges, in the order of the image's rows.

    Rings touch themselves nowhere. Outer rings have a positive area by the shoelace formula, holes a negative one.
    """
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    if not len(rows):
        return []
    top, left = rows[0], columns[0]
    mask = mask[top : rows[-1] + 1, left : columns[-1] + 1]
    _, regions = cv2.connectedComponents(np.ascontiguousarray(mask, np.uint8), connectivity=4, ltype=cv2.CV_32S)
    starts, ends, pixels, headings = _edges(mask)
    width = mask.shape[1]
    saddle = np.bincount(starts, minlength=(mask.shape[0] + 1) * (width + 1)) == 2  # two pixels touch by this corner alone
    lower_of = [(pixels // width == at // (width + 1)) & saddle[at] for at in (starts, ends)]
    begin, finish = (2 * at + lower for at, lower in zip((starts, ends), lower_of, strict=True))  # a ring goes on round the same pixel
    order = np.argsort(begin, kind="stable")
    following = order[np.searchsorted(begin[order], finish)]
    corner = np.zeros(len(starts), np.bool_)
    corner[following] = headings[following] != headings
    polygons: dict[int, Polygon] = {}
    for first, chain in _chains(following, corner, starts):
        polygon = polygons.setdefault(int(regions.flat[pixels[first]]), [])
        for loop in _simple_loops(chain):
            ring = np.array([(left + at % (width + 1), top + at // (width + 1)) for at in loop])
            polygon.insert(0 if area(ring) > 0 else len(polygon), ring)
    return [polygons[region] for region in sorted(polygons)]


def fill(rings: Sequence[Ring], shape: tuple[int, int]) -> tuple[Window, NDArray[np.bool_]]:
    """Return the window of an image (Y, X) that rings touch, and where in it a pixel's centre lies inside by the even-odd rule."""
    points = np.concatenate([np.asarray(ring, np.float64).reshape(-1, 2) for ring in rings] or [np.zeros((0, 2))])
    if not len(points) or not np.isfinite(points).all():
        return (slice(0, 0), slice(0, 0)), np.zeros((0, 0), np.bool_)
    (left, top), (right, bottom) = np.floor(points.min(0)), np.ceil(points.max(0))
    rows = slice(int(np.clip(top, 0, shape[0])), int(np.clip(bottom, 0, shape[0])))
    columns = slice(int(np.clip(left, 0, shape[1])), int(np.clip(right, 0, shape[1])))
    height, width = max(rows.stop - rows.start, 0), max(columns.stop - columns.start, 0)
    crossings = np.zeros((height, width + 1), np.int32)
    for ring in rings:
        corners = np.asarray(ring, np.float64).reshape(-1, 2) - (columns.start, rows.start)
        _add_crossings(crossings, corners, np.roll(corners, -1, axis=0))
    return (rows, columns), (np.cumsum(crossings, axis=1)[:, :width] % 2).astype(np.bool_)


def area(ring: Ring) -> float:
    """Return the area within a ring by the shoelace formula, negative for holes."""
    x, y = np.asarray(ring, np.float64).T
    return float(x @ np.concatenate([y[1:], y[:1]]) - y @ np.concatenate([x[1:], x[:1]])) / 2


def _edges(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int64], ...]:
    """Return start and end corner, pixel and heading of each pixel edge between inside and outside, the inside on the same hand."""
    width = mask.shape[1]
    padded = np.pad(mask, 1)
    inside, across = padded[1:-1, 1:-1], width + 1
    beyond = (padded[:-2, 1:-1], padded[1:-1, 2:], padded[2:, 1:-1], padded[1:-1, :-2])  # above, right, below, left
    begin, finish = (0, 1, across + 1, across), (1, across + 1, across, 0)  # corners, counted from the pixel's upper left one
    parts = []
    for heading, other in enumerate(beyond):
        y, x = np.nonzero(inside & ~other)
        at = y * across + x
        parts.append((at + begin[heading], at + finish[heading], y * width + x, np.full(len(y), heading)))
    starts, ends, pixels, headings = (np.concatenate(one) for one in zip(*parts, strict=True))
    return starts, ends, pixels, headings


def _chains(following: NDArray[np.int64], corner: NDArray[np.bool_], starts: NDArray[np.int64]) -> Iterator[tuple[int, list[int]]]:
    """Follow edges from one to the next, and yield the first edge of each closed chain and the corners at which it turns."""
    after, turns, at = following.tolist(), corner.tolist(), starts.tolist()
    seen = bytearray(len(after))
    for first in range(len(after)):
        if seen[first]:
            continue
        chain, edge = [], first
        while not seen[edge]:
            seen[edge] = 1
            if turns[edge]:
                chain.append(at[edge])
            edge = after[edge]
        yield first, chain


def _simple_loops(corners: list[int]) -> list[list[int]]:
    """Part a ring at each corner that it passes twice, so that no ring touches itself."""
    if len(set(corners)) == len(corners):
        return [corners]
    loops, path, place = [], list[int](), dict[int, int]()
    for corner in corners:
        if corner in place:
            loop = path[place[corner] :]
            del path[place[corner] :]
            for one in loop:
                del place[one]
            loops.append(loop)
        place[corner] = len(path)
        path.append(corner)
    return [*loops, path]


def _add_crossings(crossings: NDArray[np.int32], begin: NDArray[np.float64], end: NDArray[np.float64]) -> None:
    """Count, at the first pixel centre to the right of it, each crossing of an edge with the middle line of a row."""
    height, columns = crossings.shape
    low, high = np.minimum(begin[:, 1], end[:, 1]), np.maximum(begin[:, 1], end[:, 1])
    first = np.clip(np.ceil(low - 0.5), 0, height).astype(np.int64)
    last = np.clip(np.ceil(high - 0.5), 0, height).astype(np.int64)
    counts = last - first
    for chunk in _chunks(counts):
        edge = np.repeat(np.arange(chunk.start, chunk.stop), counts[chunk])
        before = np.repeat(np.cumsum(counts[chunk]) - counts[chunk], counts[chunk])
        rows = first[edge] + np.arange(len(edge)) - before
        slope = (end[edge, 0] - begin[edge, 0]) / (end[edge, 1] - begin[edge, 1])
        x = begin[edge, 0] + (rows + 0.5 - begin[edge, 1]) * slope
        at = np.clip(np.ceil(x - 0.5), 0, columns - 1).astype(np.int64)
        np.add.at(crossings, (rows, at), 1)


def _chunks(counts: NDArray[np.int64], most: int = 4_000_000) -> list[slice]:
    """Divide edges so that those of one slice cross few enough rows to be held in memory at once."""
    ends = np.searchsorted(np.cumsum(counts), np.arange(most, int(counts.sum()) + most, most), side="left") + 1
    bounds = [0, *(min(int(end), len(counts)) for end in ends)]
    return [slice(low, high) for low, high in pairwise(bounds) if high > low]
