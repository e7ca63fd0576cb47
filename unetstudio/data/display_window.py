"""The automatic display window of a scan: the voxel values shown black and white until the user chooses others."""

from __future__ import annotations

import numpy as np

from unetstudio.data.normalisation import Floats, spread
from unetstudio.data.scan import Scan
from unetstudio.data.voxel_sample import SAMPLES, grid_sample

PHOTOGRAPH = (0.0, 255.0)
"""The window of a photograph, whose colours are shown unchanged."""

DIM = 128.0
"""Brightness below which a colour picture is no photograph, but for example fluorescence."""


LEAST_WITHIN = 0.02
"""Share of the voxels that must lie within the file's window, so that more than a speck of the image is grey."""

LEAST_OF_WIDTH = 0.1
"""Share of the file's window that the voxels must fill, so that they do not all look alike."""

ENDS = (0.5, 99.5)
"""Percentiles that are shown black and white where nothing else is known."""


def automatic_window(scan: Scan) -> tuple[float, float]:
    """Return low and high voxel values: those of the file where they show the image, the whole range for a photograph, or percentiles.

    A file's window may be in stored values while the voxels are rescaled, or that of another image. A dim colour picture is brightened, and
    a constant image is grey.
    """
    values = grid_sample(scan.voxels, SAMPLES).reshape(-1)
    if scan.window is not None and shows(scan.window, values):
        return scan.window
    low, high = spread(values, *ENDS)
    if not scan.is_colour:
        return (low - 1, low + 1) if scan.array.min() == scan.array.max() else (low, high)
    return PHOTOGRAPH if high >= DIM or high - low <= 1 else (0.0, high)


def shows(window: tuple[float, float], values: Floats) -> bool:
    """Whether a window shows an image of these values; any does where they are all the same."""
    finite = values[np.isfinite(values)]
    low, high = window
    if not finite.size or finite.min() == finite.max():
        return True
    if not -np.inf < low < high < np.inf:
        return False
    within = float(((finite > low) & (finite < high)).mean())
    darkest, brightest = np.clip(np.percentile(finite, ENDS), low, high)
    return within >= LEAST_WITHIN and brightest - darkest >= LEAST_OF_WIDTH * (high - low)
