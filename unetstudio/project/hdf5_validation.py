"""Validation of untrusted HDF5 files: only the expected arrays, all inside the file, and no larger than expected.

HDF5 files can point into other files (and write there), contain blocks that unpack to any size, and load code through filters. So only
chunked arrays of the expected shape are accepted, and their blocks are unpacked here, each into a buffer of the size it must have.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.errors import ProjectError

if TYPE_CHECKING:
    import h5py

Shape = tuple[int, ...]

ZSTD, FLETCHER32 = 32015, 3
PIPELINES = {(ZSTD,), (ZSTD, FLETCHER32)}
"""The filter pipelines with which this program packs blocks; nothing else is unpacked."""
CHECKSUM = 4
"""Bytes that Fletcher-32 appends to a block."""
CHUNK_BYTES = 16 * 2**20
ATTRIBUTE_BYTES = 4096
SMALL = 256 * 2**20
"""Bytes of labels that are allocated without a check."""


@contextmanager
def open_image(image: bytes | memoryview) -> Iterator[h5py.File]:
    """Open an HDF5 file in memory for reading; raise OSError when it is none, ValueError when its attributes are too large."""
    import h5py

    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_fapl_core(backing_store=False)
    access.set_file_image(image)
    with h5py.File(h5py.h5f.open(unique_name().encode(), h5py.h5f.ACC_RDONLY, fapl=access)) as file:
        if problem := _attribute_problem(file):
            raise ValueError(problem)
        yield file


def unique_name() -> str:
    """Return a unique name for a file in memory: HDF5 takes two of one name for the same file, and mixes up their contents."""
    return secrets.token_hex(16)


def find_problem(file: h5py.File, shapes: Mapping[str, Shape], *, sparse: bool = False) -> str:
    """Return why a file does not hold exactly these uint8 arrays, or ""; no voxel is read and no link followed.

    Blocks of `sparse` arrays may be absent.
    """
    import h5py

    if file.userblock_size:
        return "something stands before its beginning"
    if len(file.id) > len(shapes):
        return f"it holds {len(file.id)} things"
    names = sorted(name.decode("utf-8", "replace") for name in file.id)
    if names != sorted(shapes):
        return f"it holds {', '.join(name[:40] for name in names) or 'nothing'}"
    if any(file.id.links.get_info(name.encode()).type != h5py.h5l.TYPE_HARD for name in names):
        return "a link leads elsewhere"
    members = [file[name] for name in names]
    if not all(isinstance(member, h5py.Dataset) for member in members):
        return "a member is no array"
    if len({h5py.h5o.get_info(member.id).addr for member in members}) < len(members):
        return "two of its arrays are one"
    problems = (_array_problem(member, shapes[name], sparse) for name, member in zip(names, members, strict=True))
    return next((problem for problem in problems if problem), "")


def _attribute_problem(file: h5py.File) -> str:
    """Return why the attributes are not safe to read, by their number and stated size, or ""."""
    import h5py

    if h5py.h5a.get_num_attrs(file.id) > 4:
        return "it has unknown attributes"
    for index in range(h5py.h5a.get_num_attrs(file.id)):
        attribute = h5py.h5a.open(file.id, index=index)
        if attribute.get_storage_size() > ATTRIBUTE_BYTES:
            return "an attribute is too large"
    return ""


def _array_problem(array: Any, shape: Shape, sparse: bool) -> str:
    """Return why a member is not the expected uint8 array, or ""."""
    import h5py

    if array.shape != shape or array.dtype != np.uint8 or array.id.get_type().get_class() != h5py.h5t.INTEGER:
        return f"its labels are {array.shape} {array.dtype}, the scan is {shape}"
    properties = array.id.get_create_plist()
    if properties.get_layout() != h5py.h5d.CHUNKED or properties.get_external_count():
        return "its voxels lie elsewhere"
    if tuple(properties.get_filter(i)[0] for i in range(properties.get_nfilters())) not in PIPELINES:
        return "it uses an unknown compression"
    block = properties.get_chunk()
    if math.prod(block) > CHUNK_BYTES:
        return "its blocks are too large"
    if not sparse and array.id.get_num_chunks() != math.prod(-(-size // edge) for size, edge in zip(shape, block, strict=True)):
        return "blocks are missing"
    return ""


def unpack(array: h5py.Dataset, out: NDArray[np.uint8]) -> None:
    """Fill `out` from an array that `find_problem` has accepted, block by block; raise ValueError when a block is invalid."""
    properties = array.id.get_create_plist()
    block, packed = properties.get_chunk(), int(array.id.get_storage_size())
    checksum = CHECKSUM if properties.get_nfilters() > 1 else 0
    blocks: list[tuple[Shape, int, int]] = []
    array.id.chunk_iter(lambda info: blocks.append((info.chunk_offset, info.filter_mask, info.size)))
    buffer = np.empty(math.prod(block), np.uint8)
    places = {place for place, _, _ in blocks}
    if len(places) < len(blocks) or any(at % edge or not 0 <= at < size for place in places for at, edge, size in _axes(place, block, out)):
        raise ValueError("blocks that lie upon one another, or outside")
    for place, mask, size in blocks:
        if mask or not checksum < size <= packed:
            raise ValueError("a block that is not packed as the others")
        raw = array.id.read_direct_chunk(place)[1]
        values = _unpacked(raw[: len(raw) - checksum], buffer).reshape(block)
        target = tuple(slice(at, at + edge) for at, edge in zip(place, block, strict=True))
        inside = out[target]
        inside[...] = values[tuple(slice(length) for length in inside.shape)]


def _axes(place: Shape, block: Shape, out: NDArray[np.uint8]) -> Iterator[tuple[int, int, int]]:
    """Yield, along each axis, the start of a block, its length, and the length of the array."""
    return zip(place, block, out.shape, strict=True)


def _unpacked(raw: bytes, buffer: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Unpack a block into `buffer`; raise ValueError unless it fills it exactly, never unpacking more."""
    from imagecodecs import ZstdError, zstd_decode

    try:
        unpacked = zstd_decode(raw, out=buffer.data)
    except ZstdError as error:
        raise ValueError("a block that cannot be unpacked") from error
    if len(unpacked) != buffer.size:
        raise ValueError("a block of another size")
    return buffer


def require_memory(path: Path, shape: Shape) -> None:
    """Raise ProjectError when labels of this shape exceed the free memory, before anything is allocated for them."""
    nbytes = 2 * math.prod(shape)
    if nbytes <= SMALL:
        return
    import psutil

    free = int(psutil.virtual_memory().available)
    if nbytes > 0.8 * free:
        raise ProjectError(
            path,
            f"its labels need {nbytes / 1e9:,.1f} GB of memory and {free / 1e9:,.1f} GB are free; close other programs, or use another "
            "computer.",
        )
