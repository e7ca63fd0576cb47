"""Masks as COCO writes them: lengths of runs of pixels, column by column, as numbers or packed into text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.formats.outlines.tracing import Window

_FIRST = 48  # "0": six bits a character, of which the highest says that more follow and the next is the sign


def run_lengths(inside: NDArray[np.bool_], window: Window, shape: tuple[int, int]) -> list[int]:
    """Return the lengths of runs down the columns of an image (Y, X), beginning with pixels outside, of what is inside in a window."""
    height = shape[0]
    padded = np.pad(inside, ((1, 1), (0, 0)))
    x, y = np.nonzero((padded[1:] != padded[:-1]).T)
    changes, times = np.unique((x + window[1].start) * height + y + window[0].start, return_counts=True)
    ends = changes[times == 1]  # a run that goes on at the top of the next column ends and begins at one place
    lengths = np.diff(ends, prepend=0, append=height * shape[1]).tolist()
    return [int(length) for length in (lengths if lengths[-1] else lengths[:-1])]


def pixels_of(segmentation: Mapping[str, Any], shape: tuple[int, int]) -> tuple[Window, NDArray[np.bool_]]:
    """Return the window of an image (Y, X) that run lengths touch, and what is inside in it; ValueError where they are for another size."""
    stated, counts = segmentation.get("size"), segmentation["counts"]
    if stated is not None and [int(n) for n in stated] != list(shape):
        raise ValueError("the size of run lengths")
    lengths = np.array(_unpacked(counts) if isinstance(counts, (str, bytes)) else counts, np.int64)
    height, width = shape
    if (lengths < 0).any() or lengths.sum() != height * width:
        raise ValueError("run lengths")
    ends = np.cumsum(lengths)
    inside = np.flatnonzero((np.arange(len(lengths)) % 2 == 1) & (lengths > 0))
    if not len(inside):
        return (slice(0, 0), slice(0, 0)), np.zeros((0, 0), np.bool_)
    left, right = int((ends - lengths)[inside[0]] // height), int((ends[inside[-1]] - 1) // height + 1)
    clipped = np.clip(ends, left * height, right * height)
    runs = np.diff(clipped, prepend=left * height)
    columns = np.repeat(np.arange(len(lengths)) % 2 == 1, runs).reshape(right - left, height)
    rows = np.flatnonzero(columns.any(0))
    return (slice(int(rows[0]), int(rows[-1]) + 1), slice(left, right)), columns[:, rows[0] : rows[-1] + 1].T


def _unpacked(text: str | bytes) -> Sequence[int]:
    """Return the numbers in a text: from the fourth on, each is the difference to the one before the last."""
    data = text.encode("ascii") if isinstance(text, str) else text
    numbers: list[int] = []
    value = shift = 0
    for byte in data:
        bits = byte - _FIRST
        if not 0 <= bits < 64 or shift > 60:
            raise ValueError("packed run lengths")
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        numbers.append(value + (numbers[-2] if len(numbers) > 2 else 0))
        value = shift = 0
    if shift:
        raise ValueError("packed run lengths")
    return numbers
