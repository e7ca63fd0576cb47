"""A file that holds volumes: an array whose axes have roles, and its place in the patient."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.geometry import Geometry
from unetstudio.formats.part import Part
from unetstudio.formats.voxel_files.axes import channels_first
from unetstudio.formats.voxel_files.file_array import FileArray
from unetstudio.formats.voxel_files.file_part import FilePart
from unetstudio.formats.voxel_files.lazy_voxels import LazyVoxels
from unetstudio.formats.voxel_files.memory_check import require_memory, require_plausible_size
from unetstudio.formats.voxel_files.volume_parts import volume_of, volume_parts

COLOURS = 3
"""Samples of a colour that are read: red, green and blue, without alpha."""


@dataclass(frozen=True, eq=False)
class VolumeFile:
    """A parsed header.

    `roles` names each axis of the array, slowest first: Z, Y, X, C for channels, S for samples of a colour, and t for volumes that are
    images of their own. `stored` reads the whole array; `raw` reads parts of it, where the voxels are not packed.
    """

    path: Path
    shape: tuple[int, ...]
    roles: str
    dtype: np.dtype[Any]
    geometry: Geometry
    stored: Callable[[], NDArray[Any]]
    raw: FileArray | None = None
    files: tuple[Path, ...] = ()  # the header first
    notes: tuple[str, ...] = ()

    @property
    def volumes(self) -> int:
        """Number of images."""
        return math.prod(size for size, role in zip(self.shape, self.roles, strict=True) if role == "t")

    @property
    def nbytes(self) -> int:
        """Bytes of one image."""
        return math.prod(self.shape) // self.volumes * self.dtype.itemsize

    @property
    def parts(self) -> Sequence[Part]:
        """The images in the file."""
        return volume_parts(self.path, self.volumes)

    def volume_of(self, part: str) -> int:
        """Return the number of the image that a key names; raise FormatError when there is none."""
        return volume_of(self.path, self.volumes, part)

    def read(self, volume: int) -> NDArray[Any]:
        """Read an image (C, Z, Y, X) as stored; raise FormatError when it does not fit into memory."""
        places, roles = self._places(volume), self.roles.replace("t", "")
        size = sum(file.stat().st_size for file in (self.files or (self.path,)))
        if self.raw is not None:
            require_memory(self.path, self.nbytes, size, by_region=True)
            part = FilePart(self.raw, places)
            values = part[tuple(slice(0, extent) for extent in part.shape)]
        else:
            require_memory(self.path, self.nbytes * self.volumes, size)
            values = self.stored()[tuple(places.get(axis, slice(None)) for axis in range(len(self.roles)))]
        return _without_alpha(channels_first(values, roles), roles)

    def lazy(self, volume: int, title: str, large: int) -> LazyVoxels | None:
        """Return an image of more than `large` bytes as stored, left in the file; None where it has to be read as a whole."""
        if self.raw is None or self.nbytes <= large:
            return None
        require_plausible_size(self.path, self.nbytes, sum(file.stat().st_size for file in (self.files or (self.path,))))
        roles = self.roles.replace("t", "")
        voxels = LazyVoxels(self.path, title, FilePart(self.raw, self._places(volume)), roles)
        return voxels.map(lambda part: part[:COLOURS]) if "S" in roles else voxels

    def _places(self, volume: int) -> dict[int, int]:
        axes = [axis for axis, role in enumerate(self.roles) if role == "t"]
        places = np.unravel_index(volume, [self.shape[axis] for axis in axes]) if axes else ()
        return {axis: int(place) for axis, place in zip(axes, places, strict=True)}


def _without_alpha(voxels: NDArray[Any], roles: str) -> NDArray[Any]:
    return voxels[:COLOURS] if "S" in roles else voxels
