"""One entry of the leading axes of an array in a file, such as one time of a series of volumes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.formats.voxel_files.file_array import FileArray, Slices


class FilePart:
    """An array in a file at fixed `places` of some of its axes, which it no longer has: {axis: place}."""

    def __init__(self, array: FileArray, places: dict[int, int]) -> None:
        self.shape = tuple(size for axis, size in enumerate(array.shape) if axis not in places)
        self.dtype: np.dtype[Any] = array.dtype
        self._array, self._places = array, places

    def __getitem__(self, index: Slices, /) -> NDArray[Any]:
        rest = iter(index)
        whole = (_only(self._places[axis]) if axis in self._places else next(rest) for axis in range(len(self._array.shape)))
        return self._array[tuple(whole)].reshape([part.stop - part.start for part in index])


def _only(place: int) -> slice:
    return slice(place, place + 1)
