"""The voxels of one volume of a NIfTI file, as they are stored: read at once, or left in the file."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.formats.nifti.axes import FurtherAxes
from unetstudio.formats.nifti.header import NiftiFile
from unetstudio.formats.voxel_files.file_array import RawArray
from unetstudio.formats.voxel_files.file_part import FilePart
from unetstudio.formats.voxel_files.lazy_voxels import LazyVoxels
from unetstudio.formats.voxel_files.memory_check import require_memory
from unetstudio.formats.voxel_files.packed_file import is_packed, read_exactly, unpacked

COLOURS = 3
"""Samples of a colour that are read: red, green and blue."""


def stored_volume(file: NiftiFile, axes: FurtherAxes, volume: int) -> NDArray[Any]:
    """Read (C, Z, Y, X) as stored; other volumes of the file are passed over."""
    nbytes, places = file.volume_bytes, axes.places(volume)
    require_memory(file.path, nbytes * axes.channels, file.voxels.stat().st_size, by_region=not is_packed(file.voxels))
    parts = []
    with unpacked(file.voxels) as stream:
        for channel in range(axes.channels):
            index = 0
            for axis in (3, 2, 1, 0):
                index = index * axes.lengths[axis] + places.get(axis, channel)
            stream.seek(file.offset + index * nbytes)
            parts.append(np.frombuffer(read_exactly(stream, nbytes, file.path), file.dtype))
    x, y, z = file.size
    if file.dtype.names:
        names = file.dtype.names[:COLOURS]
        return np.stack([parts[0][name].reshape(z, y, x) for name in names])
    return np.stack([part.reshape(z, y, x) for part in parts])


def lazy_volume(file: NiftiFile, axes: FurtherAxes, volume: int, title: str) -> LazyVoxels:
    """Return (C, Z, Y, X) as stored, left in the file."""
    x, y, z = file.size
    beyond = tuple(reversed(axes.lengths))
    places = {3 - axis: place for axis, place in axes.places(volume).items()}
    if file.dtype.names:
        samples = RawArray(file.voxels, file.offset, (*beyond, z, y, x, len(file.dtype.names)), np.dtype(np.uint8))
        return LazyVoxels(file.path, title, FilePart(samples, places), "ZYXS").map(lambda part: part[:COLOURS])
    array = RawArray(file.voxels, file.offset, (*beyond, z, y, x), file.dtype)
    return LazyVoxels(file.path, title, FilePart(array, places), "ZYX" if axes.channel_axis is None else "CZYX")
