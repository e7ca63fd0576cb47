"""A small bank for tests: the grey value, and its mean with the two neighbours in x."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.adaptation import Adaptation
from unetstudio.data.mirrored import read_mirrored
from unetstudio.data.region import Index, Region
from unetstudio.data.scan import Scan


@dataclass
class PlainBank:
    """Two features of a voxel; `asked` records the regions that were computed."""

    count: int = 2
    block: Index = (1, 16, 16)
    views: tuple[tuple[int, int], ...] = ((0, 2),)
    linear: tuple[int, int] | None = None
    asked: list[Region] = field(default_factory=list)

    def features(self, scan: Scan, region: Region) -> NDArray[np.float32]:
        self.asked.append(region)
        wide = read_mirrored(scan.voxels, region.grown((0, 0, 1)))[0].astype(np.float32) / 255
        return np.stack([wide[..., 1:-1], (wide[..., :-2] + wide[..., 1:-1] + wide[..., 2:]) / 3])

    def adaptation(self, scan: Scan) -> Adaptation:
        del scan
        return Adaptation()

    def to_json(self) -> dict[str, Any]:
        return {}
