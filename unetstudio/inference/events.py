"""Events of prediction and of folders of images. No torch here: the window reads these."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.region import Region


@dataclass(frozen=True, eq=False)
class TilePredicted:
    """`probabilities` (K, Z, Y, X of the region) uint8, 0..255, channels in the order of `values`."""

    case: str
    region: Region
    probabilities: NDArray[np.uint8]
    values: tuple[int, ...]
    checkpoint: str
    done: int  # tiles so far
    total: int


@dataclass(frozen=True)
class CasePredicted:
    """All tiles of what was asked are done."""

    case: str
    checkpoint: str
    seconds: float
    whole: bool  # the whole scan, not just a viewport


@dataclass(frozen=True, eq=False)
class AttentionMapped:
    """What the network looked at: `values` (Z, Y, X of the region) uint8, 0 where its gates are open by the share `low`, 255 by `high`."""

    case: str
    region: Region
    values: NDArray[np.uint8]
    low: float
    high: float
    checkpoint: str


@dataclass(frozen=True)
class EngineChosen:
    """What computes: its `name` on the command line, and why, in words."""

    name: str
    words: str


@dataclass(frozen=True)
class ImageProgress:
    """How far one image that is too large for memory has come: `stage` is "predicting", the title of a step, or "writing"."""

    image: str
    stage: str
    done: int
    total: int


@dataclass(frozen=True)
class MaskWritten:
    """One image of a folder is done.

    `mean_uncertainty` is 0 where all is certain, 1 where nothing is, and None where it was not measured; `before` says that an earlier
    run had made the mask.
    """

    image: str
    path: str
    done: int
    total: int
    mean_uncertainty: float | None = None
    before: bool = False


@dataclass(frozen=True)
class Refused:
    """One image could not be predicted, and why, in one sentence."""

    image: Path
    why: str


@dataclass(frozen=True)
class FolderPredicted:
    """All images of a folder are done or refused."""

    masks: int
    refused: int


@dataclass(frozen=True)
class Notice:
    """One sentence the user should see: what was done to an image first, a smaller batch after memory ran out."""

    text: str


PredictionEvent = TilePredicted | CasePredicted
