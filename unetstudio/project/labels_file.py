"""A label map as the bytes of one immutable HDF5 file with a SHA-256 footer, and back; no file is touched here.

The footer is checked before HDF5 parses a byte, and the file is then examined before a voxel is read: an HDF5 file can point at other
files, unpack to any size, and load code through filters. HDF5 readers ignore the footer.

Labels lie in blocks. A block in which nothing is annotated is not stored, and one that did not change since an older generation is copied
as it was packed: what a save costs follows what was painted, not the size of the image.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.edit import Bytes, Edit
from unetstudio.data.labels import UNLABELLED, LabelMap, tally
from unetstudio.data.region import Index
from unetstudio.errors import ProjectError
from unetstudio.project import hdf5_validation
from unetstudio.project.os_errors import DamagedError

if TYPE_CHECKING:
    import h5py

MAGIC = b"USFT"
FOOTER = struct.Struct("<4sQQ32s")  # magic, bytes before the footer, sequence, SHA-256 of all before the hash
FILLS = {"origin": 0, "values": UNLABELLED}
"""The data sets, and what blocks hold that are not there."""
LEVEL = 3
GROWTH = 4 * 2**20
"""Bytes by which a file in memory grows."""
FEW, LARGE = 4, 2**26
"""So few blocks, or voxels, are not worth looking at one by one."""
FAULT = "is damaged and was not opened; the file is kept."


@dataclass(frozen=True)
class Since:
    """A generation as it lies on the disk, and the blocks that changed since: what the others hold is copied as it is packed."""

    data: bytes
    sequence: int
    blocks: Collection[Index]  # places of blocks, counted in blocks


def encode(labels: LabelMap, sequence: int, since: Since | None = None, case: str = "", name: str = "") -> bytes:
    """Values and origins (Z, Y, X) uint8 with the number of the last change in them, of which case they are, and under which file name.

    Blocks in which nothing is annotated are left out. A generation `since` which is not whole is not used.
    """
    about = {key: value for key, value in (("case", case), ("name", name)) if value}
    image = _image(labels, sequence, since, about) or _image(labels, sequence, None, about)
    start = FOOTER.pack(MAGIC, len(image), sequence, bytes(32))[:-32]
    return b"".join((image, start, _hash(image, start)))


def _image(labels: LabelMap, sequence: int, since: Since | None, about: Mapping[str, str]) -> bytes:
    """The file without its footer; empty when `since` is of no use."""
    import h5py
    import hdf5plugin

    with h5py.File(
        hdf5_validation.fresh_name(), "w", driver="core", backing_store=False, block_size=GROWTH, libver=("v110", "v110")
    ) as file:
        file.attrs["sequence"] = np.uint64(sequence)
        for key, value in about.items():
            file.attrs[key] = np.bytes_(value)
        made = {}
        for name, fill in FILLS.items():
            made[name] = file.create_dataset(
                name,
                labels.shape,
                np.uint8,
                chunks=block_shape(labels.shape),
                fillvalue=fill,
                fletcher32=True,
                **hdf5plugin.Zstd(clevel=LEVEL),
            )
        if since is not None and not _copied(since, made):
            return b""
        changed = _all_blocks(labels.shape) if since is None else since.blocks
        for name, array in (("values", labels.values), ("origin", labels.origin)):
            for block in changed:
                place = _slices(block, labels.shape)
                if _used(array[place], FILLS[name]):
                    made[name][place] = array[place]
        file.flush()
        image: bytes = file.id.get_file_image()
    return image


def touched(edit: Edit, shape: Index) -> set[Index]:
    """The blocks of a label map of `shape` that an Edit changes."""
    block = block_shape(shape)
    first = [a // edge for a, edge in zip(edit.region.start, block, strict=True)]
    last = [-(-b // edge) for b, edge in zip(edit.region.stop, block, strict=True)]
    counts = [b - a for a, b in zip(first, last, strict=True)]
    hit = np.ones(counts, np.bool_)
    if hit.size > FEW and edit.region.size <= LARGE:
        hit = edit.mask
        for axis, (a, n) in enumerate(zip(first, counts, strict=True)):
            borders = np.maximum((a + np.arange(n)) * block[axis] - edit.region.start[axis], 0)
            hit = np.logical_or.reduceat(hit, borders, axis=axis)
    z0, y0, x0 = first
    return {(z0 + int(z), y0 + int(y), x0 + int(x)) for z, y, x in np.argwhere(hit)}


def sequence_of(data: bytes, path: Path) -> int:
    """The number of the last Edit in the file; DamagedError when a bit of it is not as it was written."""
    if len(data) < FOOTER.size:
        raise DamagedError(path, FAULT)
    magic, size, sequence, digest = FOOTER.unpack_from(data, len(data) - FOOTER.size)
    body = memoryview(data)[: -FOOTER.size]
    if magic != MAGIC or size != len(body) or digest != _hash(body, data[-FOOTER.size : -32]):
        raise DamagedError(path, FAULT)
    return int(sequence)


def decode(data: bytes, shape: Index, path: Path, case: str = "") -> tuple[LabelMap, int]:
    """Label map and the number of the last change in it; DamagedError or ProjectError naming `path` unless all is as it was written.

    Labels that say that they are of another case than `case`, or another file, are no better than damaged ones.
    """
    sequence = sequence_of(data, path)
    hdf5_validation.make_sure_it_fits(path, shape)
    try:
        with hdf5_validation.opened(memoryview(data)[: -FOOTER.size]) as file:
            fault = _fault(file, shape)
            if fault or int(file.attrs.get("sequence", -1)) != sequence:
                raise ProjectError(path, f"was not made by this program ({fault or 'its numbers disagree'}) and was not opened.")
            for key, passes_for in (("case", case), ("name", path.name)):
                if passes_for and bytes(file.attrs.get(key, passes_for.encode())) != passes_for.encode():
                    raise DamagedError(path, "is a copy of another file or belongs to another image, and was not opened; it is kept.")
            arrays = {name: _room(file[name], fill) for name, fill in FILLS.items()}
            for name, array in arrays.items():
                hdf5_validation.unpack(file[name], array)
            counts = _counts(file["values"], arrays["values"])
    except (OSError, KeyError, ValueError, RuntimeError, TypeError) as error:
        raise DamagedError(path, FAULT) from error
    return LabelMap(arrays["values"], arrays["origin"], counts), sequence


def block_shape(shape: Index) -> Index:
    """Flat tiles for pictures, bricks for volumes: what a stroke touches."""
    z, y, x = shape
    edge = 512 if z == 1 else 128
    return (min(z, 16), min(y, edge), min(x, edge))


def _hash(body: bytes | memoryview, start: bytes) -> bytes:
    """SHA-256 of the HDF5 image and the footer's numbers."""
    digest = hashlib.sha256(body)
    digest.update(start)
    return digest.digest()


def _copied(since: Since, made: Mapping[str, h5py.Dataset]) -> bool:
    """Copies the blocks that did not change; False when the older file is not what it must be."""
    shape = made["values"].shape
    try:
        if sequence_of(since.data, Path("labels")) != since.sequence:
            return False
        with hdf5_validation.opened(memoryview(since.data)[: -FOOTER.size]) as file:
            if _fault(file, shape):
                return False
            if any(_packing(file[name]) != _packing(array) for name, array in made.items()):
                return False
            changed = frozenset(since.blocks)
            edges = block_shape(shape)
            for name, array in made.items():
                old, new = file[name].id, array.id
                for z, y, x in _places(file[name]):
                    if (z // edges[0], y // edges[1], x // edges[2]) not in changed:
                        mask, raw = old.read_direct_chunk((z, y, x))
                        new.write_direct_chunk((z, y, x), raw, mask)
    except (DamagedError, OSError, ValueError, RuntimeError, TypeError):
        return False
    return True


def _fault(file: h5py.File, shape: Index) -> str:
    """Why a file does not hold labels of this shape, or ""."""
    if found := hdf5_validation.fault(file, dict.fromkeys(FILLS, shape), sparse=True):
        return found
    absent = (name for name, fill in FILLS.items() if _sparse(file[name]) and int(file[name].fillvalue) != fill)
    return "blocks are missing" if any(absent) else ""


def _sparse(array: h5py.Dataset) -> bool:
    blocks = (-(-size // edge) for size, edge in zip(array.shape, array.chunks, strict=True))
    return bool(array.id.get_num_chunks() < math.prod(blocks))


def _packing(array: h5py.Dataset) -> tuple[object, ...]:
    """How blocks are cut and packed: only blocks of the same may be copied."""
    made = array.id.get_create_plist()
    return (array.chunks, int(array.fillvalue), *(made.get_filter(i)[0] for i in range(made.get_nfilters())))


def _places(array: h5py.Dataset) -> list[Index]:
    """Where the blocks lie that are there, in voxels; listed at once, for asking one by one takes a time that grows with the square."""
    found: list[Index] = []
    array.id.chunk_iter(lambda info: found.append(info.chunk_offset))
    return found


def _room(array: h5py.Dataset, fill: int) -> Bytes:
    """An array for a data set: with what absent blocks hold where there are any."""
    if not _sparse(array):
        return np.empty(array.shape, np.uint8)
    return np.full(array.shape, fill, np.uint8) if fill else np.zeros(array.shape, np.uint8)  # zeros are not even written


def _counts(array: h5py.Dataset, values: Bytes) -> NDArray[np.int64]:
    """(256,) voxels per value: of the blocks that are there, and the fill value for the others."""
    counts, (depth, height, width) = np.zeros(256, np.int64), array.chunks
    for z, y, x in _places(array):
        counts += tally(values[z : z + depth, y : y + height, x : x + width])
    counts[FILLS["values"]] += values.size - counts.sum()
    return counts


def _all_blocks(shape: Index) -> list[Index]:
    z, y, x = (range(-(-size // edge)) for size, edge in zip(shape, block_shape(shape), strict=True))
    return list(product(z, y, x))


def _slices(block: Index, shape: Index) -> tuple[slice, ...]:
    """Of a block in the arrays."""
    edges = zip(block, block_shape(shape), shape, strict=True)
    return tuple(slice(at * edge, min((at + 1) * edge, size)) for at, edge, size in edges)


def _used(block: Bytes, fill: int) -> bool:
    """Whether a block holds anything else."""
    return bool(block.any()) if fill == 0 else int(block.min()) != fill
