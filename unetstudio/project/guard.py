"""What an HDF5 file must be before anything in it is read: only what it claims, all inside it, and no larger than expected.

HDF5 files can point into other files (and write there), name blocks that unpack to any size, and load code through filters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import h5py

FILTERS = {1, 2, 3, 32015}  # gzip, shuffle, fletcher32, zstd
CHUNK_BYTES = 64 * 2**20


def fault(file: h5py.File, shapes: Mapping[str, tuple[int, ...]]) -> str:
    """Why a file does not hold exactly these uint8 arrays, or ""; reads no voxel and follows no link."""
    import h5py

    names = sorted(name.decode("utf-8", "replace") for name in file.id)
    if names != sorted(shapes):
        return f"it holds {', '.join(names[:5]) or 'nothing'}"
    if any(file.id.links.get_info(name.encode()).type != h5py.h5l.TYPE_HARD for name in names):
        return "a link leads elsewhere"
    return next((found for name in names if (found := _array_fault(file[name], shapes[name]))), "")


def _array_fault(array: Any, shape: tuple[int, ...]) -> str:
    """The same for one of its members."""
    import h5py

    if not isinstance(array, h5py.Dataset):
        return "a member is no array"
    if array.shape != shape or array.dtype != np.uint8:
        return f"its labels are {array.shape} {array.dtype}, the scan is {shape}"
    made = array.id.get_create_plist()
    if made.get_layout() != h5py.h5d.CHUNKED or made.get_external_count():
        return "its voxels lie elsewhere"
    if any(made.get_filter(i)[0] not in FILTERS for i in range(made.get_nfilters())):
        return "it uses an unknown compression"
    return "its blocks are too large" if int(np.prod(made.get_chunk(), dtype=np.int64)) > CHUNK_BYTES else ""
