"""A label map as the bytes of one immutable HDF5 file with a SHA-256 footer, and back; no file is touched here.

The footer is checked before HDF5 parses a byte, and the file is then examined before a voxel is read: an HDF5 file can point at other
files, unpack to any size, and load code through filters. HDF5 readers ignore the footer.
"""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import numpy as np

from unetstudio.data.labels import LabelMap
from unetstudio.data.region import Index
from unetstudio.errors import ProjectError
from unetstudio.project import guard
from unetstudio.project.durable import DamagedError

MAGIC = b"USFT"
FOOTER = struct.Struct("<4sQQ32s")  # magic, bytes before the footer, sequence, SHA-256 of all before the hash
DATASETS = ("origin", "values")
LEVEL = 3
FAULT = "is damaged and was not opened; the file is kept."


def encode(labels: LabelMap, sequence: int) -> bytes:
    """Values and origins (Z, Y, X) uint8 with the number of the last Edit in them."""
    import h5py
    import hdf5plugin

    with h5py.File("labels", "w", driver="core", backing_store=False, libver=("v110", "v110")) as file:
        file.attrs["sequence"] = np.uint64(sequence)
        for name, array in (("values", labels.values), ("origin", labels.origin)):
            file.create_dataset(name, data=array, chunks=_chunks(labels.shape), fletcher32=True, **hdf5plugin.Zstd(clevel=LEVEL))
        file.flush()
        image: bytes = file.id.get_file_image()
    start = FOOTER.pack(MAGIC, len(image), sequence, bytes(32))[:-32]
    return b"".join((image, start, _hash(image, start)))


def sequence_of(data: bytes, path: Path) -> int:
    """The number of the last Edit in the file; DamagedError when a bit of it is not as it was written."""
    if len(data) < FOOTER.size:
        raise DamagedError(path, FAULT)
    magic, size, sequence, digest = FOOTER.unpack_from(data, len(data) - FOOTER.size)
    body = memoryview(data)[: -FOOTER.size]
    if magic != MAGIC or size != len(body) or digest != _hash(body, data[-FOOTER.size : -32]):
        raise DamagedError(path, FAULT)
    return int(sequence)


def decode(data: bytes, shape: Index, path: Path) -> tuple[LabelMap, int]:
    """Label map and the number of the last Edit in it; DamagedError or ProjectError naming `path` unless all is as it was written."""
    sequence = sequence_of(data, path)
    guard.make_sure_it_fits(path, shape)
    arrays = {name: np.empty(shape, np.uint8) for name in DATASETS}
    try:
        with guard.opened(memoryview(data)[: -FOOTER.size]) as file:
            fault = guard.fault(file, dict.fromkeys(DATASETS, shape))
            if fault or int(file.attrs.get("sequence", -1)) != sequence:
                raise ProjectError(path, f"was not made by this program ({fault or 'its numbers disagree'}) and was not opened.")
            for name, array in arrays.items():
                guard.unpack(file[name], array)
    except (OSError, KeyError, ValueError, RuntimeError, TypeError) as error:
        raise DamagedError(path, FAULT) from error
    return LabelMap(arrays["values"], arrays["origin"]), sequence


def _hash(body: bytes | memoryview, start: bytes) -> bytes:
    """SHA-256 of the HDF5 image and the footer's numbers."""
    digest = hashlib.sha256(body)
    digest.update(start)
    return digest.digest()


def _chunks(shape: Index) -> Index:
    """Flat tiles for pictures, bricks for volumes: what a stroke touches."""
    z, y, x = shape
    edge = 512 if z == 1 else 128
    return (min(z, 16), min(y, edge), min(x, edge))
