"""An image or volume as the clinician brought it: all its voxels, at full depth, with their geometry."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.geometry import Geometry
from unetstudio.data.region import Index


@dataclass(frozen=True, eq=False)
class Scan:
    """`voxels` (C, Z, Y, X) in stored values after rescaling (CT in HU); a 2D picture has Z = 1.

    `inverted` tells the display to show low values bright (MONOCHROME1); the values themselves are never turned round. `window` is
    (low, high) as the file suggests it, in voxel values.
    """

    voxels: NDArray[Any]
    geometry: Geometry = field(default_factory=Geometry)
    name: str = ""
    kind: str = ""  # "PNG", "DICOM CT", "NIfTI" ... as shown to the user
    inverted: bool = False
    window: tuple[float, float] | None = None

    @property
    def shape(self) -> Index:
        """(Z, Y, X), as its label map has it."""
        _, z, y, x = self.voxels.shape
        return (z, y, x)

    @property
    def channels(self) -> int:
        """1 for grey, 3 for colour, any other number for multi-channel microscopy."""
        return int(self.voxels.shape[0])

    @property
    def is_volume(self) -> bool:
        """Whether it has more than one slice."""
        return bool(self.voxels.shape[1] > 1)

    @property
    def is_colour(self) -> bool:
        """Whether the three channels are red, green and blue of a photograph."""
        return self.channels == 3 and self.voxels.dtype == np.uint8
