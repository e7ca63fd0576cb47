"""Options of folder predictions, and the limits beyond which an image is too large for memory."""

from __future__ import annotations

import math
from dataclasses import dataclass

from unetstudio.data.scan import Scan
from unetstudio.errors import UserError
from unetstudio.formats.voxel_files.memory_check import SMALL
from unetstudio.inference.engine import ENGINES
from unetstudio.postprocess.by_block import WINDOW

PICTURE_VOXELS, PROBABILITY_BYTES = 64 * 2**20, 512 * 2**20
"""Largest pixel count of a picture, and bytes of its probabilities, to predict in memory; volumes may take twice these bytes."""

AUTO_TTA_VOXELS = 2**16
"""Voxels of the largest image for which automatic TTA averages over mirrored images: about a second on two cores. It takes four times as
long, eight times in 3D, or in 2D with images turned by 90 degrees."""

TTA = ("auto", "on", "off")


@dataclass(frozen=True)
class MemoryLimits:
    """The sizes beyond which an image is not predicted in memory, and the pieces in which it is predicted then."""

    large: int = SMALL  # largest bytes of voxels of an image that is read as a whole
    picture: int = PICTURE_VOXELS
    probabilities: int = PROBABILITY_BYTES
    window: int = WINDOW
    longest: int = 0  # extent of the objects that are cleaned, 0 for the default
    tile_edge: int = 0  # 0 for the default

    def exceeded(self, scan: Scan, classes: int) -> bool:
        """Whether a scan's prediction of this number of classes is too large for memory."""
        voxels = math.prod(scan.shape)
        if scan.is_volume:
            return voxels * classes > 2 * self.probabilities
        return voxels > self.picture or voxels * classes > self.probabilities


USUAL_LIMITS = MemoryLimits()


@dataclass(frozen=True)
class PredictionOptions:
    """Options of a folder prediction: `tta` on, off or auto; `probabilities` written beside the masks; numbers of `objects` instead of
    class values; the `engine`; whether to make masks `again` that exist already."""

    tta: str = "auto"
    probabilities: bool = False
    objects: bool = False
    engine: str = "auto"
    again: bool = False
    limits: MemoryLimits = USUAL_LIMITS

    def __post_init__(self) -> None:
        if self.tta not in TTA:
            raise UserError(f"flips={self.tta!r} is not understood: choose {', '.join(TTA)}.")
        if self.engine not in ENGINES:
            raise UserError(f"There is no engine {self.engine!r}: choose {', '.join(ENGINES)}.")

    def uses_tta(self, scan: Scan, *, mirrored: bool) -> bool:
        """Whether a scan is averaged over mirrored images: when set to "on", or when quick and learnt by the network."""
        z, y, x = scan.shape
        return self.tta == "on" or (self.tta == "auto" and mirrored and z * y * x <= AUTO_TTA_VOXELS)


USUAL_OPTIONS = PredictionOptions()
