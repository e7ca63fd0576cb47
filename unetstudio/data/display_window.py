"""The automatic display window of a scan: the voxel values shown black and white until the reader chooses others."""

from __future__ import annotations

from unetstudio.data.scan import Scan
from unetstudio.data.voxel_sample import percentiles

PHOTOGRAPH = (0.0, 255.0)
"""The whole range of a photograph, whose colours are shown as they are."""

DIM = 128.0
"""A colour picture that is nowhere brighter than this is no photograph but fluorescence or the like."""


def automatic_window(scan: Scan) -> tuple[float, float]:
    """Return low and high voxel values: as the file says, the whole range of a photograph, or percentiles.

    A dim colour picture is brightened, and one of a single value is grey.
    """
    if scan.window is not None:
        return scan.window
    low, high = percentiles(scan.voxels)
    if not scan.is_colour:
        return (low - 1, low + 1) if scan.array.min() == scan.array.max() else (low, high)
    return PHOTOGRAPH if high >= DIM or high - low <= 1 else (0.0, high)
