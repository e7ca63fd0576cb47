"""Masks as COCO writes them: lengths of runs of pixels, column by column, as numbers or packed into text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_FIRST = 48  # "0": six bits a character, of which the highest says that more follow and the next is the sign


def run_lengths(mask: NDArray[np.bool_]) -> list[int]:
    """Return the lengths of runs of a mask (Y, X) down its columns, beginning with pixels outside."""
    pixels = mask.ravel(order="F")
    changes = np.flatnonzero(pixels[1:] != pixels[:-1]) + 1
    lengths = np.diff([0, *changes.tolist(), len(pixels)]).tolist()
    return [0, *lengths] if pixels[0] else lengths


def mask_of(segmentation: Mapping[str, Any], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the mask (Y, X) of run lengths; ValueError where these are for another size than `shape` or the one they state."""
    stated, counts = segmentation.get("size"), segmentation["counts"]
    if stated is not None and [int(n) for n in stated] != list(shape):
        raise ValueError("the size of run lengths")
    lengths = np.array(_unpacked(counts) if isinstance(counts, (str, bytes)) else counts, np.int64)
    if (lengths < 0).any() or lengths.sum() != shape[0] * shape[1]:
        raise ValueError("run lengths")
    inside = np.arange(len(lengths)) % 2 == 1
    return np.repeat(inside, lengths).reshape(shape, order="F")


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
