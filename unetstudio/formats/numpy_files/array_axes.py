"""The roles of the axes of a bare array, which nothing but their lengths tells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from unetstudio.errors import FormatError

MOST_CHANNELS = 4
_SLICES = "Its first axis, of {count}, is taken for slices; where it is channels, save the array with channels last."


def array_axes(shape: tuple[int, ...], dtype: np.dtype[Any], path: Path) -> tuple[str, tuple[str, ...]]:
    """Return a role for each axis, as in `VolumeFile`, and what was assumed; raise FormatError for what is no image."""
    if dtype.hasobject:
        raise FormatError(
            path,
            "it holds Python objects (a pickle), which may run code when they are read and are therefore not opened; "
            "save the array of numbers alone, by numpy.save(name, array).",
        )
    if dtype.kind not in "iufb":
        raise FormatError(path, "its values are not plain numbers; save an array of whole or real numbers.")
    if 0 in shape:
        raise FormatError(path, "it holds no pixels; export it again from the program that made it.")
    long = [axis for axis, size in enumerate(shape) if size > 1]
    if len(shape) > 4:  # axes of one are of no account
        spared = long if len(long) >= 2 else list(range(len(shape) - 2, len(shape)))
        if len(spared) > 4:
            raise FormatError(path, f"its array has {len(spared)} axes; save two (a picture), three (a volume) or four (channels first).")
        inner, notes = array_axes(tuple(shape[axis] for axis in spared), dtype, path)
        letters = iter(inner)
        return "".join(next(letters) if axis in spared else "t" for axis in range(len(shape))), notes
    match len(shape):
        case 2:
            return "YX", ()
        case 3 if shape[-1] in (3, 4) and min(shape[:2]) > MOST_CHANNELS:
            return "YXS", ()
        case 3:
            return "ZYX", (_SLICES.format(count=shape[0]),) if 1 < shape[0] <= MOST_CHANNELS else ()
        case 4 if shape[-1] <= MOST_CHANNELS < shape[0]:
            return "ZYXC", ()
        case 4 if shape[0] <= MOST_CHANNELS:
            return "CZYX", ()
        case 4:
            return "tZYX", ()
    raise FormatError(path, f"its array has {len(shape)} axis; save two (a picture), three (a volume) or four (channels first).")
