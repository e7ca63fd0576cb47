"""What prediction reports while it runs. No torch here: the window reads these."""

from __future__ import annotations

from dataclasses import dataclass

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


PredictionEvent = TilePredicted | CasePredicted
