"""One image in an HDF5 file: the data sets that hold it, the roles of their axes, and its geometry."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from unetstudio.data.geometry import Geometry
from unetstudio.formats.hdf5.dataset import ChannelFiles, DatasetFile
from unetstudio.formats.part import Part
from unetstudio.formats.voxel_files.axes import Chosen
from unetstudio.formats.voxel_files.file_array import FileArray


@dataclass(frozen=True)
class Hdf5Image:
    """One image. `datasets` are those of its channels, or one with all axes; `roles` names the axes as `axis_roles` does.

    `shape` is that of each data set, without the margin by which some are larger; `places` chooses one image along an axis named "-".
    """

    part: Part
    datasets: tuple[str, ...]
    roles: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    geometry: Geometry = field(default_factory=Geometry)
    places: Mapping[int, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def nbytes(self) -> int:
        """Bytes of the image."""
        sizes = [1 if axis in self.places else n for axis, n in enumerate(self.shape)]
        return math.prod(sizes) * len(self.datasets) * self.dtype.itemsize

    @property
    def stored_roles(self) -> str:
        """The roles of the axes of `stored`."""
        return self.roles if len(self.datasets) == 1 else "C" + self.roles

    def stored(self, path: Path) -> FileArray:
        """Return the image as an array in the file."""
        arrays: list[FileArray] = [DatasetFile(path, name, self.shape, self.dtype) for name in self.datasets]
        if len(arrays) > 1:
            return ChannelFiles(arrays)
        return Chosen(arrays[0], self.places) if self.places else arrays[0]
