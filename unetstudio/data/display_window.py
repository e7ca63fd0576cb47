"""The automatic display window of a scan: the voxel values shown black and white until the user chooses others."""

from __future__ import annotations

from unetstudio.data.scan import Scan
from unetstudio.data.voxel_sample import percentiles

PHOTOGRAPH = (0.0, 255.0)
"""The window of a photograph, whose colours are shown unchanged."""

DIM = 128.0
"""Brightness below which a colour picture is no photograph, but for example fluorescence."""


def automatic_window(scan: Scan) -> tuple[float, float]:
    """Return low and high voxel values: those of the file, the whole range for a photograph, or percentiles.

    A dim colour picture is brightened, and a constant image is grey.
    """
    if scan.window is not None:
        return scan.window
    low, high = percentiles(scan.voxels)
    if not scan.is_colour:
        return (low - 1, low + 1) if scan.array.min() == scan.array.max() else (low, high)
    return PHOTOGRAPH if high >= DIM or high - low <= 1 else (0.0, high)
