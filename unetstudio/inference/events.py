"""Events of prediction and of folders of images. No torch here: the window reads these."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.region import Region


@dataclass(frozen=True, eq=False)
class TilePredicted:
    """A predicted tile: `probabilities` (K, Z, Y, X of the region) uint8, 0..255, channels in the order of `values`."""

    case: str
    region: Region
    probabilities: NDArray[np.uint8]
    values: tuple[int, ...]
    checkpoint: str
    done: int  # tiles so far
    total: int


@dataclass(frozen=True)
class CasePredicted:
    """The end of a request: all its tiles are done."""

    case: str
    checkpoint: str
    seconds: float
    whole: bool  # the whole scan, not just a viewport


@dataclass(frozen=True, eq=False)
class AttentionMapped:
    """An attention map: `values` (Z, Y, X of the region) uint8, 0 where gates are open by the share `low`, 255 where by `high`."""

    case: str
    region: Region
    values: NDArray[np.uint8]
    low: float
    high: float
    checkpoint: str


@dataclass(frozen=True)
class EngineChosen:
    """The engine in use: its `name` on the command line, and the reason in words."""

    name: str
    words: str


@dataclass(frozen=True)
class ImageProgress:
    """Progress of an image that is too large for memory: `stage` is "predicting", the title of a step, or "writing"."""

    image: str
    stage: str
    done: int
    total: int


@dataclass(frozen=True)
class MaskWritten:
    """A finished image of a folder.

    `mean_uncertainty` is 0 where all is certain, 1 where nothing is, and None where it was not measured; `before` says that an earlier
    run had made the mask.
    """

    image: str
    path: str
    done: int
    total: int
    mean_uncertainty: float | None = None
    before: bool = False
    part: str = ""  # of an image in a file of several


@dataclass(frozen=True)
class Refused:
    """An image that could not be predicted, and the reason in one sentence."""

    image: Path
    why: str
    part: str = ""


@dataclass(frozen=True)
class FolderPredicted:
    """The end of a folder: all its images are done or refused."""

    masks: int
    refused: int


@dataclass(frozen=True)
class Notice:
    """A sentence for the user, such as how an image was resampled, or that memory ran out and batches are smaller."""

    text: str


PredictionEvent = TilePredicted | CasePredicted
