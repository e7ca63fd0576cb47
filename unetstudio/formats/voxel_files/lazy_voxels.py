"""The voxels of an image too large for memory: they stay in the file and are read when indexed."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.scan import PIECE, extremes, pieces
from unetstudio.errors import FormatError
from unetstudio.formats.voxel_files.axes import channels_first
from unetstudio.formats.voxel_files.file_array import FileArray
from unetstudio.formats.voxel_files.library_errors import translate_errors
from unetstudio.formats.voxel_files.memory_check import require_memory
from unetstudio.formats.voxel_files.voxels import KEPT, narrowest

Transform = Callable[[NDArray[Any]], NDArray[Any]]


class LazyVoxels:
    """The voxels (C, Z, Y, X) of an array in a file.

    `axes` names the array's axes by the letters C, S (samples of a colour), Z, Y and X; only the first entry of an axis named "-" is used.
    `transform` converts a part (C, Z, Y, X), as stored, to the values used by the program. They are indexed like an array, by numbers and
    slices with positive steps. Raise FormatError whenever the file cannot be read.
    """

    def __init__(self, path: Path, title: str, array: FileArray, axes: str, transform: Transform | None = None) -> None:
        self.path, self._title, self._array, self._axes, self._transform = path, title, array, axes, transform
        extents = dict(zip(axes, array.shape, strict=True))
        z, y, x = (extents.get(axis, 1) for axis in "ZYX")
        first = self._box(range(1), range(1), range(1))
        self.shape: tuple[int, int, int, int] = (first.shape[0], z, y, x)
        self.dtype: np.dtype[Any] = first.dtype

    @property
    def nbytes(self) -> int:
        """Bytes of all voxels."""
        c, z, y, x = self.shape
        return c * z * y * x * self.dtype.itemsize

    def map(self, transform: Transform) -> LazyVoxels:
        """Return the same voxels with a further transform of each part that is read."""
        first = self._transform
        both = transform if first is None else lambda part: transform(first(part))
        return LazyVoxels(self.path, self._title, self._array, self._axes, both)

    def __getitem__(self, index: Any, /) -> NDArray[Any]:
        axes = self._expanded(index)
        c, z, y, x = (_range(one, size) for one, size in zip(axes, self.shape, strict=True))
        if not (c and z and y and x):
            box = np.empty((self.shape[0], len(z), len(y), len(x)), self.dtype)
        elif z.step == y.step == x.step == 1:
            box = self._box(z, y, x)
        else:
            box = np.empty((self.shape[0], len(z), len(y), len(x)), self.dtype)
            for place, rows in _groups(y, max(1, PIECE // (self.nbytes // self.shape[1] // self.shape[2]))):
                for n, slice_ in enumerate(z):
                    box[:, n, place] = self._box(range(slice_, slice_ + 1), rows, x)[:, 0, :: y.step, :: x.step]
        part = box[c.start : c.stop : c.step] if c else box[:0]
        return part[tuple(0 if not isinstance(one, slice) else slice(None) for one in axes)]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Read everything; raise FormatError when it does not fit into memory."""
        require_memory(self.path, self.nbytes, self.nbytes)
        return self[...].astype(dtype or self.dtype, copy=False)

    def __len__(self) -> int:
        return self.shape[0]

    def _expanded(self, index: Any) -> list[Any]:
        """Return a number or slice for each of the four axes."""
        axes = list(index) if isinstance(index, tuple) else [index]
        if Ellipsis in axes:
            place = axes.index(Ellipsis)
            axes[place : place + 1] = [slice(None)] * (5 - len(axes))
        return axes + [slice(None)] * (4 - len(axes))

    def _box(self, z: range, y: range, x: range) -> NDArray[Any]:
        """Read (C, Z, Y, X) from the first to the last of each range, ignoring steps."""
        bounds = {axis: slice(n.start, n[-1] + 1) for axis, n in zip("ZYX", (z, y, x), strict=True)}
        index = tuple(
            slice(0, 1) if axis == "-" else bounds.get(axis, slice(0, size))
            for axis, size in zip(self._axes, self._array.shape, strict=True)
        )
        part = translate_errors(self.path, self._title, lambda: self._array[index])
        part = part[tuple(0 if axis == "-" else slice(None) for axis in self._axes)]
        arranged = channels_first(part, self._axes.replace("-", ""))
        return np.ascontiguousarray(arranged if self._transform is None else self._transform(arranged))

    @cached_property
    def lowest(self) -> float:
        """The smallest finite value. Raise FormatError when there is none."""
        lows = [float(part[good].min()) for part in pieces(self) if (good := np.isfinite(part)).any()]
        if not lows:
            raise FormatError(self.path, "none of its pixels is a number (all are NaN or infinite); export it again.")
        return min(lows)


def tidy_lazily(voxels: LazyVoxels) -> LazyVoxels:
    """Convert voxels as `tidy` does: to one of its types, and finite. Where that needs the extremes, everything is read once."""
    kind = voxels.dtype.kind
    if kind == "b":
        return voxels.map(lambda part: part.astype(np.uint8))
    if kind in "iu":
        native = voxels.dtype.newbyteorder("=")
        fits = native if native.type in KEPT[:3] else np.dtype(np.int16) if native.itemsize == 1 else narrowest(*extremes(voxels))
        return voxels.map(lambda part: part.astype(fits, copy=False))
    if kind == "f":
        single = voxels.map(_single)
        return single.map(lambda part: part if (good := np.isfinite(part)).all() else np.where(good, part, np.float32(single.lowest)))
    raise FormatError(voxels.path, "its pixels are not plain numbers; save their magnitude as real numbers first.")


def _single(part: NDArray[Any]) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):  # values beyond float32 become infinite, and are replaced later
        return part.astype(np.float32)


def _range(one: Any, size: int) -> range:
    """Return the positions that a number or slice selects on an axis."""
    if not isinstance(one, slice):
        at = operator.index(one)
        if not -size <= at < size:
            raise IndexError(f"index {at} is outside an axis of {size}")
        return range(at % size, at % size + 1)
    positions = range(*one.indices(size))
    if positions.step < 1:
        raise IndexError("an image in a file is not read backwards")
    return positions


def _groups(rows: range, most: int) -> Iterator[tuple[slice, range]]:
    """Yield groups of rows that span at most `most`, each with its position among all."""
    count = max(1, 1 + (most - 1) // rows.step)
    for start in range(0, len(rows), count):
        yield slice(start, min(start + count, len(rows))), rows[start : start + count]
