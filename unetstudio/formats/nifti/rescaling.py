"""Slope and intercept of NIfTI: for images, for images left in their file, and for masks, where whole numbers are wanted back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.scan import extremes
from unetstudio.formats.voxel_files.lazy_voxels import LazyVoxels
from unetstudio.formats.voxel_files.voxels import fitting_rescaled

WHOLE = 1e-3
"""Distance from a whole number, as a share of the slope, that is a rounding of the slope."""

COARSEST = 0.5
"""Slope below which values nearest to whole numbers were whole numbers before they were packed into bytes."""


def rescaled_lazily(voxels: LazyVoxels, slope: float, intercept: float) -> LazyVoxels:
    """Rescale as `rescaled` does; where whole numbers stay whole, the array is read once for its extremes."""
    kind = voxels.dtype
    if (slope == 1.0 and intercept == 0.0) or kind.kind not in "iubf":
        return voxels
    if kind.kind in "iub" and kind.itemsize <= 4 and slope.is_integer() and intercept.is_integer():
        low, high = extremes(voxels)
        fits = fitting_rescaled(int(low), int(high), slope, intercept)
        if fits is not None:
            return voxels.map(lambda part: (part.astype(np.int64) * int(slope) + int(intercept)).astype(fits))
    return voxels.map(lambda part: (part.astype(np.float64) * slope + intercept).astype(np.float32))


def whole_numbers(stored: NDArray[Any], slope: float, intercept: float) -> NDArray[np.int32] | None:
    """Return the whole numbers that were scaled into `stored` whole numbers; None where the values are no whole numbers.

    Programs that pack classes 0 to 12 into bytes write a slope of 12/255: class 1 is then 0.988, the value nearest to it.
    """
    numbers, inverse = np.unique(stored, return_inverse=True)
    values = numbers.astype(np.float64) * slope + intercept
    rounded = np.rint(values)
    fine = abs(slope) / 2 * (1 + WHOLE) if abs(slope) < COARSEST else abs(slope) * WHOLE
    fits = np.abs(rounded).max(initial=0) < 2**31 and len(np.unique(rounded)) == len(numbers)
    if not fits or np.abs(values - rounded).max(initial=0) > fine:
        return None
    return rounded.astype(np.int32)[inverse].reshape(stored.shape)
