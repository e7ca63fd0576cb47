"""Encoding of a label map as the bytes of an immutable HDF5 file with a SHA-256 footer, and decoding; no file is touched here.

The footer is checked before HDF5 parses a byte, and the file is then validated before a voxel is read: an HDF5 file can point at other
files, unpack to any size, and load code through filters. HDF5 readers ignore the footer.

Labels are stored in blocks. A block without annotations is not stored, and one that did not change since an older generation is copied in
packed form: the cost of a save depends on the changes, not on the size of the image.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.edit import Bytes
from unetstudio.data.labels import UNLABELLED, LabelMap, tally
from unetstudio.data.region import Index
from unetstudio.errors import ProjectError
from unetstudio.project import hdf5_validation
from unetstudio.project.label_blocks import all_blocks, block_shape, block_slices
from unetstudio.project.os_errors import DamagedError

if TYPE_CHECKING:
    import h5py

MAGIC = b"USFT"
FOOTER = struct.Struct("<4sQQ32s")  # magic, bytes before the footer, sequence, SHA-256 of all before the hash
FILL_VALUES = {"origin": 0, "values": UNLABELLED}
"""The datasets, and the value of their blocks that are not stored."""
COMPRESSION = 3
GROWTH = 4 * 2**20
"""Bytes by which the file in memory grows."""
DAMAGED = "is damaged and was not opened; the file is kept."


@dataclass(frozen=True)
class OlderGeneration:
    """The bytes of an older generation, and the blocks that changed since; the others are copied in packed form."""

    data: bytes
    sequence: int
    changed: Collection[Index]  # (z, y, x) block numbers


def encode(labels: LabelMap, sequence: int, older: OlderGeneration | None = None, case: str = "", name: str = "") -> bytes:
    """Encode values and origins (Z, Y, X) uint8 with the number of their last change, their case and their file's name.

    Blocks without annotations are left out. An `older` generation that is not whole is not used.
    """
    identity = {key: value for key, value in (("case", case), ("name", name)) if value}
    image = _image(labels, sequence, older, identity) or _image(labels, sequence, None, identity)
    start = FOOTER.pack(MAGIC, len(image), sequence, bytes(32))[:-32]
    return b"".join((image, start, _hash(image, start)))


def _image(labels: LabelMap, sequence: int, older: OlderGeneration | None, identity: Mapping[str, str]) -> bytes:
    """Make the file without its footer; return b"" when `older` cannot be used."""
    import h5py
    import hdf5plugin

    with h5py.File(
        hdf5_validation.unique_name(), "w", driver="core", backing_store=False, block_size=GROWTH, libver=("v110", "v110")
    ) as file:
        file.attrs["sequence"] = np.uint64(sequence)
        for key, value in identity.items():
            file.attrs[key] = np.bytes_(value)
        datasets = {}
        for name, fill in FILL_VALUES.items():
            datasets[name] = file.create_dataset(
                name,
                labels.shape,
                np.uint8,
                chunks=block_shape(labels.shape),
                fillvalue=fill,
                fletcher32=True,
                **hdf5plugin.Zstd(clevel=COMPRESSION),
            )
        if older is not None and not _copy_unchanged(older, datasets):
            return b""
        changed = all_blocks(labels.shape) if older is None else older.changed
        for name, array in (("values", labels.values), ("origin", labels.origin)):
            for block in changed:
                place = block_slices(block, labels.shape)
                if _is_used(array[place], FILL_VALUES[name]):
                    datasets[name][place] = array[place]
        file.flush()
        image: bytes = file.id.get_file_image()
    return image


def sequence_of(data: bytes, path: Path) -> int:
    """Return the number of the last change in the file; raise DamagedError when any byte was altered."""
    if len(data) < FOOTER.size:
        raise DamagedError(path, DAMAGED)
    magic, size, sequence, digest = FOOTER.unpack_from(data, len(data) - FOOTER.size)
    body = memoryview(data)[: -FOOTER.size]
    if magic != MAGIC or size != len(body) or digest != _hash(body, data[-FOOTER.size : -32]):
        raise DamagedError(path, DAMAGED)
    return int(sequence)


def decode(data: bytes, shape: Index, path: Path, case: str = "") -> tuple[LabelMap, int]:
    """Decode a label map and the number of its last change; raise DamagedError or ProjectError naming `path` unless it is intact.

    Labels that state another case than `case`, or another file name, count as damaged.
    """
    sequence = sequence_of(data, path)
    hdf5_validation.require_memory(path, shape)
    try:
        with hdf5_validation.open_image(memoryview(data)[: -FOOTER.size]) as file:
            problem = _problem(file, shape)
            if problem or int(file.attrs.get("sequence", -1)) != sequence:
                raise ProjectError(path, f"was not made by this program ({problem or 'its numbers disagree'}) and was not opened.")
            for key, expected in (("case", case), ("name", path.name)):
                if expected and bytes(file.attrs.get(key, expected.encode())) != expected.encode():
                    raise DamagedError(path, "is a copy of another file or belongs to another image, and was not opened; it is kept.")
            arrays = {name: _filled(file[name], fill) for name, fill in FILL_VALUES.items()}
            for name, array in arrays.items():
                hdf5_validation.unpack(file[name], array)
            counts = _counts(file["values"], arrays["values"])
    except (OSError, KeyError, ValueError, RuntimeError, TypeError) as error:
        raise DamagedError(path, DAMAGED) from error
    return LabelMap(arrays["values"], arrays["origin"], counts), sequence


def _hash(body: bytes | memoryview, start: bytes) -> bytes:
    """Return the SHA-256 of the HDF5 image and the footer's numbers."""
    digest = hashlib.sha256(body)
    digest.update(start)
    return digest.digest()


def _copy_unchanged(older: OlderGeneration, datasets: Mapping[str, h5py.Dataset]) -> bool:
    """Copy the blocks that did not change; False when the older file is invalid."""
    shape = datasets["values"].shape
    try:
        if sequence_of(older.data, Path("labels")) != older.sequence:
            return False
        with hdf5_validation.open_image(memoryview(older.data)[: -FOOTER.size]) as file:
            if _problem(file, shape):
                return False
            if any(_packing(file[name]) != _packing(array) for name, array in datasets.items()):
                return False
            changed = frozenset(older.changed)
            edges = block_shape(shape)
            for name, array in datasets.items():
                old, new = file[name].id, array.id
                for z, y, x in _places(file[name]):
                    if (z // edges[0], y // edges[1], x // edges[2]) not in changed:
                        mask, raw = old.read_direct_chunk((z, y, x))
                        new.write_direct_chunk((z, y, x), raw, mask)
    except (DamagedError, OSError, ValueError, RuntimeError, TypeError):
        return False
    return True


def _problem(file: h5py.File, shape: Index) -> str:
    """Return why a file does not hold labels of this shape, or ""."""
    if problem := hdf5_validation.find_problem(file, dict.fromkeys(FILL_VALUES, shape), sparse=True):
        return problem
    absent = (name for name, fill in FILL_VALUES.items() if _is_sparse(file[name]) and int(file[name].fillvalue) != fill)
    return "blocks are missing" if any(absent) else ""


def _is_sparse(array: h5py.Dataset) -> bool:
    blocks = (-(-size // edge) for size, edge in zip(array.shape, array.chunks, strict=True))
    return bool(array.id.get_num_chunks() < math.prod(blocks))


def _packing(array: h5py.Dataset) -> tuple[object, ...]:
    """Return the blocks' shape, fill value and filters, which must agree for blocks to be copied."""
    properties = array.id.get_create_plist()
    return (array.chunks, int(array.fillvalue), *(properties.get_filter(i)[0] for i in range(properties.get_nfilters())))


def _places(array: h5py.Dataset) -> list[Index]:
    """Return the offsets of stored blocks in voxels, in a single pass: looking each up takes quadratic time."""
    places: list[Index] = []
    array.id.chunk_iter(lambda info: places.append(info.chunk_offset))
    return places


def _filled(array: h5py.Dataset, fill: int) -> Bytes:
    """Make an array for a dataset, filled with the value of absent blocks where there are any."""
    if not _is_sparse(array):
        return np.empty(array.shape, np.uint8)
    return np.full(array.shape, fill, np.uint8) if fill else np.zeros(array.shape, np.uint8)  # np.zeros does not touch the memory


def _counts(array: h5py.Dataset, values: Bytes) -> NDArray[np.int64]:
    """Count (256,) voxels per value: stored blocks by their content, the others by the fill value."""
    counts, (depth, height, width) = np.zeros(256, np.int64), array.chunks
    for z, y, x in _places(array):
        counts += tally(values[z : z + depth, y : y + height, x : x + width])
    counts[FILL_VALUES["values"]] += values.size - counts.sum()
    return counts


def _is_used(block: Bytes, fill: int) -> bool:
    """Whether a block holds anything other than the fill value."""
    return bool(block.any()) if fill == 0 else int(block.min()) != fill
