"""The treatment of slices at unequal steps: resampled to an even step, or kept as they are where slices are missing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SAME = 0.1
"""Share of a step within which two steps are of one size."""

_LARGE, _LARGEST = 1.5, 2.0
"""Steps that are this much larger than usual leave a gap, unless the series goes on with them; the second where no size is usual."""

_WILDEST = 4.0
"""Largest ratio of steps that is resampled."""

_FEW = 4
"""Number of steps below which the smallest is taken as the usual one."""


def usual_step(steps: NDArray[np.float64]) -> float:
    """Return the smallest size of step that a tenth of the slices share, else the median; of a few steps the smallest."""
    if len(steps) < _FEW:
        return float(steps.min())
    least = max(2, int(np.ceil(0.1 * len(steps))))
    for step in np.sort(steps):
        alike = steps[np.abs(steps - step) <= _SAME * step]
        if len(alike) >= least:
            return float(np.median(alike))
    return float(np.median(steps))


def gaps(steps: NDArray[np.float64], thicknesses: list[float | None]) -> list[int]:
    """Return the indices of steps that leave a gap: larger than usual, alone of their size, and not spanned by thicker slices."""
    regular = _is_regular(steps)
    limit = _LARGE * usual_step(steps) if regular else _LARGEST * float(np.median(steps))
    thick = [0.0 if t is None else t for t in thicknesses]
    thicker = len({round(t, 2) for t in thick}) > 1
    large = [int(n) for n in np.flatnonzero(steps > limit)]
    spanned = [thicker and steps[n] <= (1 + _SAME) * max(thick[n], thick[n + 1]) for n in large]
    return [n for n, is_spanned in zip(large, spanned, strict=True) if not is_spanned and not _goes_on(steps, n)]


def can_be_resampled(steps: NDArray[np.float64], thicknesses: list[float | None]) -> bool:
    """Whether linear interpolation between neighbours invents no slice that was never taken."""
    smallest = usual_step(steps) if _is_regular(steps) else float(steps.min())
    return len(gaps(steps, thicknesses)) == 0 and float(steps.max()) <= _WILDEST * smallest


def _is_regular(steps: NDArray[np.float64]) -> bool:
    """Whether half of the steps are of the usual size; of a few steps one."""
    usual = usual_step(steps)
    return len(steps) < _FEW or float((np.abs(steps - usual) <= _SAME * usual).mean()) >= 0.5


def even_heights(heights: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Return sorted heights in even steps from the first, and that step: the usual one, fitted so that the last slice is on the grid."""
    extent = float(heights[-1] - heights[0])
    step = extent / max(1, round(extent / usual_step(np.diff(heights))))
    return (heights - heights[0]) / step, step


def _goes_on(steps: NDArray[np.float64], n: int) -> bool:
    """Whether a step is one of at least three of its size in a row, or of two at an end of the series."""
    alike = np.abs(steps - steps[n]) <= _SAME * steps[n]
    first, last = n, n
    while first > 0 and alike[first - 1]:
        first -= 1
    while last < len(steps) - 1 and alike[last + 1]:
        last += 1
    return last - first >= (1 if first == 0 or last == len(steps) - 1 else 2)
