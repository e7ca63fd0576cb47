"""Data sets of an HDF5 file as arrays that stay in it: one, or one for each channel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.errors import FormatError
from unetstudio.formats.voxel_files.file_array import FileArray, Slices

if TYPE_CHECKING:
    import h5py


class DatasetFile:
    """A data set in a file, which is opened for each read; its part up to `shape`, taken for numbers of type `dtype`."""

    def __init__(self, path: Path, name: str, shape: Sequence[int], dtype: np.dtype[Any]) -> None:
        self.shape, self.dtype = tuple(int(n) for n in shape), np.dtype(dtype)
        self._path, self._name = path, name

    def __getitem__(self, index: Slices, /) -> NDArray[Any]:
        import h5py
        import hdf5plugin  # noqa: F401  (its compressions are known to h5py once it is imported)

        with h5py.File(self._path, "r", locking=False) as file:
            return np.asarray(file[self._name][index]).view(self.dtype)


class ChannelFiles:
    """Arrays of one shape and type, one for each channel; their number is the first axis."""

    def __init__(self, channels: Sequence[FileArray]) -> None:
        self.shape, self.dtype = (len(channels), *channels[0].shape), channels[0].dtype
        self._channels = channels

    def __getitem__(self, index: Slices, /) -> NDArray[Any]:
        return np.stack([channel[index[1:]] for channel in self._channels[index[0]]])


def own_dataset(file: h5py.File, name: str, path: Path) -> h5py.Dataset:
    """Return a data set; raise FormatError when its voxels lie in another file, which could be any file of this computer."""
    dataset = file[name]
    if dataset.external or dataset.is_virtual or dataset.file.filename != file.filename:
        raise FormatError(path, "its voxels lie in other files; save the image with all its voxels in one file.")
    return dataset


def chunk_bytes(dataset: h5py.Dataset) -> int:
    """Return the bytes of a chunk, the smallest unit of reading."""
    return math.prod(dataset.chunks or (1,)) * int(dataset.dtype.itemsize)
