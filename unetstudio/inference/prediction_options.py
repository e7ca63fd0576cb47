"""How the masks of a folder are made, and which images are too large for memory."""

from __future__ import annotations

import math
from dataclasses import dataclass

from unetstudio.data.scan import Scan
from unetstudio.errors import UserError
from unetstudio.formats.memory_check import SMALL
from unetstudio.inference.engine import ENGINES
from unetstudio.postprocess.by_block import WINDOW

PICTURE_VOXELS, PROBABILITY_BYTES = 64 * 2**20, 512 * 2**20
"""Pixels of a picture, and bytes of the probabilities of its classes, that are predicted in memory; of volumes twice these bytes."""

AUTO_TTA_VOXELS = 4_000_000
"""Images up to this size are averaged over mirrored images without being told to; it takes four times as long, eight times in 3D, or in
2D with images turned by a quarter."""

TTA = ("auto", "on", "off")


@dataclass(frozen=True)
class MemoryLimits:
    """From which size on an image is not predicted in memory, and in which pieces it then is."""

    large: int = SMALL  # bytes of voxels up to which an image is read as a whole
    picture: int = PICTURE_VOXELS
    probabilities: int = PROBABILITY_BYTES
    window: int = WINDOW
    longest: int = 0  # extent of the objects that are cleaned, 0 for the usual one
    tile_edge: int = 0  # 0 for the usual one

    def exceeded(self, scan: Scan, classes: int) -> bool:
        """Whether a scan's prediction of so many classes is too large for memory."""
        voxels = math.prod(scan.shape)
        if scan.is_volume:
            return voxels * classes > 2 * self.probabilities
        return voxels > self.picture or voxels * classes > self.probabilities


USUAL_LIMITS = MemoryLimits()


@dataclass(frozen=True)
class PredictionOptions:
    """How masks are made: `tta` on, off or auto; `probabilities` written beside them; numbers of `objects` instead of class values;
    by which `engine`; all of them `again`, also those that are there."""

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
        """Whether a scan is averaged over mirrored images: when asked for, or when that is quick and the network has learnt such images."""
        z, y, x = scan.shape
        return self.tta == "on" or (self.tta == "auto" and mirrored and z * y * x <= AUTO_TTA_VOXELS)


USUAL_OPTIONS = PredictionOptions()
