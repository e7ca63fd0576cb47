"""A scan: an image or volume with all its voxels, at full depth, and their geometry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.geometry import Geometry
from unetstudio.data.region import Index


class Voxels(Protocol):
    """The voxels (C, Z, Y, X): an array, or an object that reads parts from a file when indexed; `np.asarray` reads everything."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype[Any]: ...

    @property
    def nbytes(self) -> int: ...

    def __getitem__(self, index: Any, /) -> NDArray[Any]: ...


@dataclass(frozen=True, eq=False)
class Scan:
    """A scan: `voxels` (C, Z, Y, X) in stored values after rescaling (CT in HU); a 2D picture has Z = 1.

    `inverted` tells the display to show low values bright (MONOCHROME1); the values themselves are never inverted. `window` is the
    (low, high) that the file suggests, in voxel values.
    """

    voxels: Voxels
    geometry: Geometry = field(default_factory=Geometry)
    name: str = ""
    kind: str = ""  # "PNG", "DICOM CT", "NIfTI" ..., shown to the user
    inverted: bool = False
    window: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()

    @property
    def shape(self) -> Index:
        """The shape (Z, Y, X), which is that of its label map."""
        _, z, y, x = self.voxels.shape
        return (z, y, x)

    @property
    def array(self) -> NDArray[Any]:
        """The voxels in memory, read if needed."""
        return np.asarray(self.voxels)

    @property
    def channels(self) -> int:
        """Number of channels: 1 for grey, 3 for colour, any other for multi-channel microscopy."""
        return int(self.voxels.shape[0])

    @property
    def is_volume(self) -> bool:
        """Whether the scan has more than one slice."""
        return bool(self.voxels.shape[1] > 1)

    @property
    def is_colour(self) -> bool:
        """Whether the three channels are red, green and blue of a photograph."""
        return self.channels == 3 and self.voxels.dtype == np.uint8


PIECE = 64 * 2**20
"""Largest number of bytes in a piece, where a whole scan is read piece by piece."""


def pieces(voxels: Voxels) -> Iterator[NDArray[Any]]:
    """Yield all voxels in pieces (C, 1, some rows, X), so that a scan in a file needs little memory."""
    channels, slices, rows, columns = voxels.shape
    height = max(1, PIECE // (channels * columns * voxels.dtype.itemsize))
    height = height // 256 * 256 or height  # a multiple of usual tile sizes
    for z in range(slices):
        for y in range(0, rows, height):
            yield voxels[:, z : z + 1, y : y + height]


def extremes(voxels: Voxels) -> tuple[float, float]:
    """Return the lowest and the highest value."""
    ends = [(part.min(), part.max()) for part in pieces(voxels)]
    return float(min(low for low, _ in ends)), float(max(high for _, high in ends))
