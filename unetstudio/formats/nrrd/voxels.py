"""The voxels of an NRRD file: inside or beside it, in one file or several, raw, packed or as text."""

from __future__ import annotations

import bz2
import gzip
import math
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from unetstudio.errors import FormatError
from unetstudio.formats.nrrd.header import NrrdHeader
from unetstudio.formats.voxel_files.data_file import data_file, numbered_files
from unetstudio.formats.voxel_files.file_array import RawArray
from unetstudio.formats.voxel_files.packed_file import read_exactly

_RAW, _TEXT, _HEX, _GZIP, _BZIP2 = {"raw"}, {"txt", "text", "ascii"}, {"hex"}, {"gz", "gzip"}, {"bz2", "bzip2"}


def data_files(header: NrrdHeader) -> list[Path]:
    """Return the files of the voxels in order; [the file itself] where they follow the header."""
    named = header.fields.get("data file")
    if named is None:
        return [header.path]
    if named.upper().startswith("LIST"):
        return [data_file(header.path, name) for name in header.file_names]
    files = numbered_files(header.path, named.split())
    return [data_file(header.path, named)] if files is None else files


def raw_array(header: NrrdHeader, files: list[Path]) -> RawArray | None:
    """Return the array left in its file; None when it is packed or lies in several files."""
    if header.fields.get("encoding", "").lower() not in _RAW or len(files) != 1:
        return None
    shape = tuple(reversed(header.sizes))
    skip = header.number("byte skip")
    if skip == -1:
        offset = files[0].stat().st_size - math.prod(shape) * header.dtype.itemsize
        if offset < 0:
            raise FormatError(header.path, "it is cut short: part of its voxels is missing; copy it again from its origin.")
        return RawArray(files[0], offset, shape, header.dtype)
    with files[0].open("rb") as stream:
        _to_data(stream, header, files[0])
        return RawArray(files[0], stream.tell() + max(skip, 0), shape, header.dtype)


def stored_array(header: NrrdHeader, files: list[Path]) -> NDArray[Any]:
    """Read all voxels, slowest axis first."""
    if not files:
        raise FormatError(header.path, "its header lists no files of voxels; copy it again from its origin.")
    shape, dtype = tuple(reversed(header.sizes)), header.dtype
    count = math.prod(shape)
    if count % len(files):
        raise FormatError(header.path, f"its voxels do not fill its {len(files)} files evenly, so it is damaged; export it again.")
    parts = [_values(header, file, count // len(files), dtype) for file in files]
    return (parts[0] if len(parts) == 1 else np.concatenate(parts)).reshape(shape)


def _values(header: NrrdHeader, path: Path, count: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    encoding = header.fields.get("encoding", "").lower()
    nbytes = count * dtype.itemsize
    with path.open("rb") as file:
        _to_data(file, header, path)
        if encoding in _TEXT:
            return _numbers(file.read().decode("ascii", "replace").replace(",", " ").split(), count, dtype, header)
        if encoding in _HEX:
            data = bytes.fromhex("".join(file.read().decode("ascii", "replace").split()))
        else:
            stream = _stream(file, encoding, header)
            skip = header.number("byte skip")
            if skip == -1:
                file.seek(-nbytes, 2) if stream is file else stream.seek(0)
            elif skip > 0:
                read_exactly(stream, skip, path)
            data = read_exactly(stream, nbytes, path)
    if len(data) < nbytes:
        raise FormatError(path, "it is cut short: part of its voxels is missing; copy it again from its origin.")
    return np.frombuffer(data[:nbytes], dtype)


def _stream(file: BinaryIO, encoding: str, header: NrrdHeader) -> BinaryIO:
    if encoding in _RAW:
        return file
    if encoding in _GZIP:
        return cast(BinaryIO, gzip.GzipFile(fileobj=file))
    if encoding in _BZIP2:
        return cast(BinaryIO, bz2.BZ2File(file))
    raise FormatError(header.path, f"its voxels are packed as “{encoding}”, which is not known here; save it as raw or gzip.")


def _to_data(file: BinaryIO, header: NrrdHeader, path: Path) -> None:
    """Go to where the voxels begin, before bytes to be skipped."""
    if path == header.path:
        file.seek(header.end)
    for _ in range(min(header.number("line skip"), 10_000)):
        file.readline(2**20)


def _numbers(words: list[str], count: int, dtype: np.dtype[Any], header: NrrdHeader) -> NDArray[Any]:
    if len(words) < count:
        raise FormatError(header.path, "it is cut short: part of its voxels is missing; copy it again from its origin.")
    try:
        return np.array(words[:count], dtype=np.float64 if dtype.kind == "f" else np.int64 if dtype.itemsize < 8 else object).astype(dtype)
    except ValueError:
        raise FormatError(header.path, "its voxels hold something else than numbers; export it again.") from None
