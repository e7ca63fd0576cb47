"""The voxels of an image too large for memory: they stay in the file, and what is indexed is read."""

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
from unetstudio.formats.border import guarded
from unetstudio.formats.room import make_sure_it_fits
from unetstudio.formats.stored import Stored
from unetstudio.formats.tiff_axes import in_order
from unetstudio.formats.voxels import KEPT, narrowest

Finish = Callable[[NDArray[Any]], NDArray[Any]]


class ByRegion:
    """(C, Z, Y, X) voxels of a `stored` array, whose axes are named by the letters C, S (samples of a colour), Z, Y and X in `axes`; of
    an axis named "-" the first entry is taken. `finish` turns (C, Z, Y, X) of a part, as stored, into what is worked with.

    Indexed as an array is, by numbers and slices with positive steps. FormatError whenever the file cannot be read.
    """

    def __init__(self, path: Path, title: str, stored: Stored, axes: str, finish: Finish | None = None) -> None:
        self.path, self._title, self._stored, self._axes, self._finish = path, title, stored, axes, finish
        extents = dict(zip(axes, stored.shape, strict=True))
        z, y, x = (extents.get(axis, 1) for axis in "ZYX")
        first = self._box(range(1), range(1), range(1))
        self.shape: tuple[int, int, int, int] = (first.shape[0], z, y, x)
        self.dtype: np.dtype[Any] = first.dtype

    @property
    def nbytes(self) -> int:
        """Bytes that all of it would take."""
        c, z, y, x = self.shape
        return c * z * y * x * self.dtype.itemsize

    def then(self, finish: Finish) -> ByRegion:
        """The same with a further step for each part that is read."""
        before = self._finish
        return ByRegion(self.path, self._title, self._stored, self._axes, finish if before is None else lambda part: finish(before(part)))

    def __getitem__(self, index: Any, /) -> NDArray[Any]:
        wanted = self._expanded(index)
        c, z, y, x = (_range(one, size) for one, size in zip(wanted, self.shape, strict=True))
        if not (c and z and y and x):
            found = np.empty((self.shape[0], len(z), len(y), len(x)), self.dtype)
        elif z.step == y.step == x.step == 1:
            found = self._box(z, y, x)
        else:
            found = np.empty((self.shape[0], len(z), len(y), len(x)), self.dtype)
            for place, rows in _groups(y, max(1, PIECE // (self.nbytes // self.shape[1] // self.shape[2]))):
                for n, slice_ in enumerate(z):
                    found[:, n, place] = self._box(range(slice_, slice_ + 1), rows, x)[:, 0, :: y.step, :: x.step]
        part = found[c.start : c.stop : c.step] if c else found[:0]
        return part[tuple(0 if not isinstance(one, slice) else slice(None) for one in wanted)]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """All of it, where that fits into memory: FormatError where it does not."""
        make_sure_it_fits(self.path, self.nbytes, self.nbytes)
        return self[...].astype(dtype or self.dtype, copy=False)

    def __len__(self) -> int:
        return self.shape[0]

    def _expanded(self, index: Any) -> list[Any]:
        """A number or slice for each of the four axes."""
        given = list(index) if isinstance(index, tuple) else [index]
        if Ellipsis in given:
            place = given.index(Ellipsis)
            given[place : place + 1] = [slice(None)] * (5 - len(given))
        return given + [slice(None)] * (4 - len(given))

    def _box(self, z: range, y: range, x: range) -> NDArray[Any]:
        """(C, Z, Y, X) from the first to the last of each range, steps left out."""
        bounds = {axis: slice(n.start, n[-1] + 1) for axis, n in zip("ZYX", (z, y, x), strict=True)}
        index = tuple(
            slice(0, 1) if axis == "-" else bounds.get(axis, slice(0, size))
            for axis, size in zip(self._axes, self._stored.shape, strict=True)
        )
        part = guarded(self.path, self._title, lambda: self._stored[index])
        part = part[tuple(0 if axis == "-" else slice(None) for axis in self._axes)]
        arranged = in_order((part, self._axes.replace("-", "")))
        return np.ascontiguousarray(arranged if self._finish is None else self._finish(arranged))

    @cached_property
    def lowest(self) -> float:
        """The smallest finite value; FormatError when there is none."""
        lows = [float(part[good].min()) for part in pieces(self) if (good := np.isfinite(part)).any()]
        if not lows:
            raise FormatError(self.path, "none of its pixels is a number (all are NaN or infinite); export it again.")
        return min(lows)


def tidied(voxels: ByRegion) -> ByRegion:
    """What `tidy` makes of a whole array: one of the known types, finite; all is read through once where that takes its extremes."""
    kind = voxels.dtype.kind
    if kind == "b":
        return voxels.then(lambda part: part.astype(np.uint8))
    if kind in "iu":
        native = voxels.dtype.newbyteorder("=")
        fits = native if native.type in KEPT[:3] else np.dtype(np.int16) if native.itemsize == 1 else narrowest(*extremes(voxels))
        return voxels.then(lambda part: part.astype(fits, copy=False))
    if kind == "f":
        single = voxels.then(_single)
        return single.then(lambda part: part if (good := np.isfinite(part)).all() else np.where(good, part, np.float32(single.lowest)))
    raise FormatError(voxels.path, "its pixels are not plain numbers; save their magnitude as real numbers first.")


def _single(part: NDArray[Any]) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is replaced later
        return part.astype(np.float32)


def _range(one: Any, size: int) -> range:
    """The places that a number or slice means on an axis."""
    if not isinstance(one, slice):
        at = operator.index(one)
        if not -size <= at < size:
            raise IndexError(f"index {at} is outside an axis of {size}")
        return range(at % size, at % size + 1)
    places = range(*one.indices(size))
    if places.step < 1:
        raise IndexError("an image in a file is not read backwards")
    return places


def _groups(rows: range, most: int) -> Iterator[tuple[slice, range]]:
    """Rows that span at most `most` together, and where they stand among all."""
    count = max(1, 1 + (most - 1) // rows.step)
    for start in range(0, len(rows), count):
        yield slice(start, min(start + count, len(rows))), rows[start : start + count]
