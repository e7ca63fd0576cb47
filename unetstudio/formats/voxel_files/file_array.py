"""Arrays that stay in their files and are read in parts: the interface, and the plain array of consecutive numbers."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from unetstudio.errors import FormatError

Slices = tuple[slice, ...]


class FileArray(Protocol):
    """An array in a file, with the file's axes. The index is a slice for each axis, within the array and of step 1."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __getitem__(self, index: Slices, /) -> NDArray[Any]: ...


class RawArray:
    """An array of consecutive numbers in C order from byte `offset` on.

    It uses plain reads and no memory map: where a file shrinks, or its disk is removed, a map would end the process.
    """

    def __init__(self, path: Path, offset: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape, self.dtype = shape, dtype
        self._path, self._offset = path, offset
        if offset + math.prod(shape) * dtype.itemsize > path.stat().st_size:
            raise _cut_short(path)

    def __getitem__(self, index: Slices, /) -> NDArray[Any]:
        values = np.empty(tuple(part.stop - part.start for part in index), self.dtype)
        target = values.reshape(-1).view(np.uint8).data
        axis = len(index) - 1  # of contiguous runs: the axes after it are read whole
        while axis > 0 and values.shape[axis] == self.shape[axis]:
            axis -= 1
        strides = [math.prod(self.shape[n + 1 :]) * self.dtype.itemsize for n in range(axis + 1)]
        length, done = values.shape[axis] * strides[axis], 0
        with self._path.open("rb", buffering=0) as file:
            for place in itertools.product(*(range(part.start, part.stop) for part in index[:axis]), (index[axis].start,)):
                file.seek(self._offset + sum(n * stride for n, stride in zip(place, strides, strict=True)))
                end = done + length
                while done < end:
                    read = file.readinto(target[done:end])
                    if not read:
                        raise _cut_short(self._path)
                    done += read
        return values


def _cut_short(path: Path) -> FormatError:
    return FormatError(path, "it is cut short: part of its pixels is missing; copy it again from its origin.")
