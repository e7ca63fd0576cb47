"""Samples of a TIFF, decoded on demand strip by strip or tile by tile."""

from __future__ import annotations

import itertools
import math
import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from unetstudio.errors import FormatError
from unetstudio.formats.voxel_files.file_array import FileArray, RawArray, Slices

if TYPE_CHECKING:
    from tifffile import TiffPageSeries

CACHE_BYTES = 128 * 2**20
"""Bytes of decoded strips and tiles that are cached: a row of tiles of a wide image is read again for the next rows of windows."""

LARGEST = 64 * 2**20
"""Bytes of the largest strip or tile in files that are read in parts."""

_JPEG = {6, 7, 34892, 33007}


def stored_samples(series: TiffPageSeries, path: Path) -> FileArray | None:
    """Return the samples as stored, with the axes of the series; None for a file that cannot be read in parts."""
    page: Any = series.keyframe
    if series.dataoffset is not None and page.is_memmappable:
        return RawArray(path, series.dataoffset, series.shape, np.dtype(page.parent.byteorder + page.dtype.char))
    whole = all(one is not None and one.parent is page.parent for one in series.pages) and not series.is_multifile
    if not whole or page.axes not in ("YX", "YXS", "SYX") or tuple(series.shape[-page.ndim :]) != tuple(page.shape):
        return None
    if math.prod(series.shape[: -page.ndim]) != len(series.pages):
        return None
    segments = Segments(series, path)
    return None if segments.largest > LARGEST else segments


class Segments:
    """The samples of pages of equal strips or tiles. The file is opened for each read, so that it can be moved and needs no closing."""

    def __init__(self, series: TiffPageSeries, path: Path) -> None:
        page: Any = series.keyframe
        self.shape, self.dtype = tuple(series.shape), np.dtype(page.dtype)
        self._path, self._page_axes = path, page.axes
        self._tiled = bool(page.is_tiled)
        self._decode, self._empty = page.decode, page.nodata
        self._header = {"jpegheader": page.jpegheader} if page.compression in _JPEG else None
        _, _, self._height, self._width, samples = page.shaped
        self._edge = (page.tilelength, page.tilewidth) if self._tiled else (min(page.rowsperstrip, self._height), self._width)
        self._grid = tuple(math.ceil(n / edge) for n, edge in zip((self._height, self._width), self._edge, strict=True))
        self.largest = math.prod(self._edge) * samples * self.dtype.itemsize
        pages: list[Any] = list(series.pages)
        self._where = [(one.dataoffsets, one.databytecounts, one.jpegtables if self._header else None) for one in pages]
        self._cache: OrderedDict[tuple[int, int], NDArray[Any] | None] = OrderedDict()
        self._cached_bytes = 0
        self._lock = threading.Lock()

    def __getitem__(self, index: Slices, /) -> NDArray[Any]:
        values = np.empty(tuple(part.stop - part.start for part in index), self.dtype)
        before = len(index) - len(self._page_axes)
        lead = [range(part.start, part.stop) for part in index[:before]]
        within = dict(zip(self._page_axes, index[before:], strict=True))
        planes = values.reshape(-1, *values.shape[before:])
        with self._path.open("rb") as file:
            for target, place in zip(planes, itertools.product(*lead), strict=True):
                number = int(np.ravel_multi_index(place, self.shape[:before])) if place else 0
                self._fill(file, target, number, within)
        return values

    def _fill(self, file: BinaryIO, target: NDArray[Any], page: int, within: dict[str, slice]) -> None:
        """Read a part of a page into `target`, which has the page's axes."""
        rows, columns, samples = within["Y"], within["X"], within.get("S", slice(0, 1))
        separate = self._page_axes == "SYX"
        for plane in range(samples.start, samples.stop) if separate else (0,):
            out = target[plane - samples.start] if separate else target
            for top, left, number in self._touched(rows, columns, plane):
                segment = self._segment(file, page, number)
                height, width = self._edge if segment is None else segment.shape[:2]
                y0, y1 = max(rows.start, top), min(rows.stop, top + height)
                x0, x1 = max(columns.start, left), min(columns.stop, left + width)
                part = out[y0 - rows.start : y1 - rows.start, x0 - columns.start : x1 - columns.start]
                if segment is None:
                    part[...] = self._empty
                else:
                    content = segment[y0 - top : y1 - top, x0 - left : x1 - left]
                    part[...] = content[..., samples] if part.ndim == 3 else content[..., 0]

    def _touched(self, rows: slice, columns: slice, plane: int) -> Iterator[tuple[int, int, int]]:
        """Yield top, left and number of the strips or tiles of a plane that overlap these rows and columns."""
        (height, width), (down, across) = self._edge, self._grid
        for y in range(rows.start // height, math.ceil(rows.stop / height)):
            for x in range(columns.start // width, math.ceil(columns.stop / width)):
                yield y * height, x * width, (plane * down + y) * across + x

    def _segment(self, file: BinaryIO, page: int, number: int) -> NDArray[Any] | None:
        """Decode a strip or tile to (rows, columns, samples); None for one that the file omits."""
        key = (page, number)
        with self._lock:
            if key in self._cache:
                self._cache.move_to_end(key)
                return self._cache[key]
        offsets, counts, tables = self._where[page]
        if number >= len(offsets):
            raise FormatError(self._path, "it is cut short: part of its pixels is missing; copy it again from its origin.")
        data = None
        if counts[number]:
            file.seek(offsets[number])
            data = file.read(counts[number])
        more = {} if self._header is None else {"jpegtables": tables, **self._header}
        decoded, _, _ = self._decode(data, number, _fullsize=self._tiled, **more)
        segment = None if decoded is None else decoded[0]  # depth is 1
        self._keep(key, segment)
        return segment

    def _keep(self, key: tuple[int, int], segment: NDArray[Any] | None) -> None:
        with self._lock:
            self._cache[key] = segment
            self._cached_bytes += 0 if segment is None else segment.nbytes
            while self._cached_bytes > CACHE_BYTES and len(self._cache) > 1:
                _, old = self._cache.popitem(last=False)
                self._cached_bytes -= 0 if old is None else old.nbytes
