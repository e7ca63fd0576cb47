"""The treatment of slices at unequal steps: resampled to an even step, or kept as they are where slices are missing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SAME = 0.1
"""Share of a step within which two steps are of one size."""

_LARGE = 1.5
"""Steps that are this much larger than usual leave a gap, unless the series goes on with them."""

_WILDEST = 4.0
"""Largest ratio of steps that is resampled."""


def usual_step(steps: NDArray[np.float64]) -> float:
    """Return the smallest size of step that a tenth of the slices share, else the median."""
    least = max(2, int(np.ceil(0.1 * len(steps))))
    for step in np.sort(steps):
        alike = steps[np.abs(steps - step) <= _SAME * step]
        if len(alike) >= least:
            return float(np.median(alike))
    return float(np.median(steps))


def gaps(steps: NDArray[np.float64], thicknesses: list[float | None]) -> list[int]:
    """Return the indices of steps that leave a gap: larger than usual, alone of their size, and not spanned by thicker slices."""
    usual = usual_step(steps)
    thick = [0.0 if t is None else t for t in thicknesses]
    thicker = len({round(t, 2) for t in thick}) > 1
    large = np.flatnonzero(steps > _LARGE * usual)
    spanned = [thicker and steps[n] <= (1 + _SAME) * max(thick[n], thick[n + 1]) for n in large]
    return [int(n) for n, is_spanned in zip(large, spanned, strict=True) if not is_spanned and not _goes_on(steps, int(n))]


def can_be_resampled(steps: NDArray[np.float64], thicknesses: list[float | None]) -> bool:
    """Whether linear interpolation between neighbours invents no slice that was never taken."""
    return len(gaps(steps, thicknesses)) == 0 and float(steps.max()) <= _WILDEST * usual_step(steps)


def even_heights(heights: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Return sorted heights in even steps from the first, and that step: the usual one, fitted so that the last slice is on the grid."""
    extent = float(heights[-1] - heights[0])
    step = extent / max(1, round(extent / usual_step(np.diff(heights))))
    return (heights - heights[0]) / step, step


def _goes_on(steps: NDArray[np.float64], n: int) -> bool:
    """Whether the step before or after is of the same size."""
    return any(0 <= other < len(steps) and abs(steps[other] - steps[n]) <= _SAME * steps[n] for other in (n - 1, n + 1))
