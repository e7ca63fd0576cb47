"""The voxels of a MetaImage: after the header or beside it, in one file or several, raw, packed by zlib or as text."""

from __future__ import annotations

import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.errors import FormatError
from unetstudio.formats.metaimage.header import MetaHeader, unreadable
from unetstudio.formats.voxel_files.data_file import data_file, numbered_files
from unetstudio.formats.voxel_files.file_array import RawArray
from unetstudio.formats.voxel_files.packed_file import read_exactly


def array_shape(header: MetaHeader) -> tuple[int, ...]:
    """Return the shape of the array in the file, slowest axis first; channels are the last axis, where there are several."""
    shape = tuple(reversed(header.sizes))
    return shape if header.channels == 1 else (*shape, header.channels)


def data_files(header: MetaHeader) -> list[Path]:
    """Return the files of the voxels in order; [the file itself] where they follow the header."""
    named = header.text("ElementDataFile")
    if named.upper() == "LOCAL":
        return [header.path]
    if named.upper().startswith("LIST"):
        return [data_file(header.path, name) for name in header.lines]
    files = numbered_files(header.path, named.split())
    return [data_file(header.path, named)] if files is None else files


def raw_array(header: MetaHeader, files: list[Path]) -> RawArray | None:
    """Return the array left in its file; None when it is packed, text or lies in several files."""
    if header.holds("CompressedData") or _is_text(header) or len(files) != 1:
        return None
    shape, dtype = array_shape(header), header.dtype
    return RawArray(files[0], _start(header, files[0], math.prod(shape) * dtype.itemsize), shape, dtype)


def stored_array(header: MetaHeader, files: list[Path]) -> NDArray[Any]:
    """Read all values, slowest axis first."""
    shape = array_shape(header)
    count = math.prod(shape)
    if not files or count % len(files):
        raise FormatError(header.path, f"its voxels do not fill its {len(files)} files evenly, so it is damaged; export it again.")
    parts = [_values(header, file, count // len(files)) for file in files]
    return (parts[0] if len(parts) == 1 else np.concatenate(parts)).reshape(shape)


def _values(header: MetaHeader, path: Path, count: int) -> NDArray[Any]:
    dtype = header.dtype
    nbytes = count * dtype.itemsize
    with path.open("rb") as file:
        if _is_text(header):
            file.seek(header.end if path == header.path else 0)
            words = file.read().decode("ascii", "replace").split()
            if len(words) < count:
                raise FormatError(header.path, "it is cut short: part of its voxels is missing; copy it again from its origin.")
            return np.array(words[:count], dtype=object).astype(dtype.type if dtype.kind == "f" else np.int64).astype(dtype)
        if header.holds("CompressedData"):
            file.seek(_start(header, path, header.whole("CompressedDataSize", 0)))
            data = zlib.decompressobj(47).decompress(file.read(), nbytes)
            if len(data) < nbytes:
                raise FormatError(path, "it is cut short: part of its voxels is missing; copy it again from its origin.")
        else:
            file.seek(_start(header, path, nbytes))
            data = read_exactly(file, nbytes, path)
    return np.frombuffer(data, dtype)


def _start(header: MetaHeader, path: Path, nbytes: int) -> int:
    """Return where the voxels begin; a header size of -1 says that they end the file."""
    skipped = header.whole("HeaderSize", 0)
    if skipped == -1:
        start = path.stat().st_size - nbytes
        if start < 0:
            raise FormatError(path, "it is cut short: part of its voxels is missing; copy it again from its origin.")
        return start
    if skipped < 0:
        raise unreadable(header.path, "HeaderSize")
    return max(skipped, header.end) if path == header.path else skipped


def _is_text(header: MetaHeader) -> bool:
    return bool(header.text("BinaryData")) and not header.holds("BinaryData")
