"""Conversion of stored voxel arrays to those of the program: a few types, no NaN, channels first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.errors import FormatError

KEPT = (np.uint8, np.uint16, np.int16, np.int32, np.float32)
EXACT = 1e-4
"""Largest distance from a whole number, and of equal values, that is the rounding of real numbers."""
ROUNDED = 0.03
"""Largest distance from a whole number that a class value may have after it was stored as a rescaled byte."""

_NARROW = (np.uint8, np.int16, np.uint16, np.int32)


def tidy(voxels: NDArray[Any], path: Path) -> NDArray[Any]:
    """Make (C, Z, Y, X) contiguous, of one of the `KEPT` types, and finite: other values become the smallest finite one."""
    if voxels.size == 0:
        raise FormatError(path, "it holds no pixels; export it again from the program that made it.")
    if voxels.dtype.kind == "b":
        voxels = voxels.astype(np.uint8)
    elif voxels.dtype.kind in "iu":
        voxels = _whole(voxels)
    elif voxels.dtype.kind == "f":
        voxels = _finite(voxels, path)
    else:
        raise FormatError(path, "its pixels are not plain numbers; save their magnitude as real numbers first.")
    return np.ascontiguousarray(voxels)


def tidy_mask(values: NDArray[Any], path: Path) -> NDArray[Any]:
    """Make values of a mask (C, Z, Y, X) contiguous like `tidy`; real numbers stay as they are, with NaN where there is no value."""
    if values.dtype.kind != "f" or values.size == 0:
        return tidy(values, path)
    return np.ascontiguousarray(values, np.float64 if values.dtype.itemsize > 4 else np.float32)


def rescaled(voxels: NDArray[Any], slope: float, intercept: float) -> NDArray[Any]:
    """Return `voxels * slope + intercept`: whole numbers stay exact in the narrowest of int16, uint16, int32; others are float32."""
    if slope == 1.0 and intercept == 0.0:
        return voxels
    if voxels.dtype.kind in "iub" and voxels.dtype.itemsize <= 4 and float(slope).is_integer() and float(intercept).is_integer():
        fits = fitting_rescaled(int(voxels.min(initial=0)), int(voxels.max(initial=0)), slope, intercept)
        if fits is not None:
            factor, offset = (np.array(int(n)).astype(fits) for n in (slope, intercept))
            whole: NDArray[Any] = voxels.astype(fits) * factor + offset  # what overflows on the way comes back, since the ends fit
            return whole
    return (voxels.astype(np.float64) * slope + intercept).astype(np.float32)


def fitting_rescaled(low: int, high: int, slope: float, intercept: float) -> np.dtype[Any] | None:
    """Return the narrowest type for `low` to `high` rescaled by whole numbers; None when there is none."""
    ends = [min(low, 0) * int(slope) + int(intercept), max(high, 0) * int(slope) + int(intercept)]
    fits = [t for t in (np.int16, np.uint16, np.int32) if np.iinfo(t).min <= min(ends) and max(ends) <= np.iinfo(t).max]
    return np.dtype(fits[0]) if fits else None


def without_alpha(voxels: NDArray[Any]) -> NDArray[Any]:
    """Drop the alpha of (C, Z, Y, X) grey + alpha or RGBA; keep only the alpha if the colours are constant and it is not."""
    colours, alpha = voxels[:-1], voxels[-1:]
    if np.ptp(alpha) > 0 and all(np.ptp(colour) == 0 for colour in colours):
        return alpha
    return colours


def looked_up(indices: NDArray[Any], table: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Look up palette `indices` in `table` (N, 3); return (3, *shape), or (1, *shape) when the palette is grey."""
    indices = np.minimum(indices, len(table) - 1)
    if (table == table[:, :1]).all():
        grey: NDArray[np.uint8] = table[:, 0][indices][None]
        return grey
    colours: NDArray[np.uint8] = np.moveaxis(table[indices], -1, 0)
    return colours


def is_inverting(table: NDArray[np.uint8]) -> bool:
    """Whether a palette is ImageJ's inverting table, which shows its masks black on white and stores 255 for the structure all the same."""
    return len(table) == 256 and bool((table == np.arange(255, -1, -1)[:, None]).all())


def class_indices(values: NDArray[Any], path: Path, step: float = 0.0) -> tuple[NDArray[np.integer[Any]], NDArray[np.bool_] | None]:
    """Convert a mask read as (C, Z, Y, X) to (Z, Y, X) whole numbers, and the mask of voxels without a value (NaN), None when all have one.

    `step` is the slope by which stored whole numbers were rescaled: half of it is rounding. Raise FormatError for colours and fractions.
    """
    real = values.dtype.kind == "f"
    if any(not np.array_equal(values[0], other, equal_nan=real) for other in values[1:]):
        if real:
            raise FormatError(path, f"it holds {len(values)} real numbers a voxel, such as probabilities; export the segmentation.")
        raise FormatError(path, "a mask needs one number per pixel, but this one is in colours; export it as class indices.")
    plane: NDArray[Any] = values[0]
    if plane.dtype.kind == "b":
        return plane.astype(np.uint8), None
    if plane.dtype.kind != "f":
        return plane, None
    unknown = ~np.isfinite(plane)
    if unknown.all():
        raise FormatError(path, "none of its voxels holds a number (all are NaN); export the segmentation again.")
    filled = np.where(unknown, 0, plane)
    whole = np.rint(filled)
    if not _are_rounded(filled, whole, max(ROUNDED, abs(step) / 2 + EXACT)):
        raise FormatError(
            path,
            f"a mask holds whole numbers, one per class, but this one has fractions (such as {_fraction(filled, whole):.4g}): "
            f"it is an image or a map of probabilities; export the segmentation itself.",
        )
    kind = np.int32 if np.abs(whole).max() < 2**31 else np.int64
    return whole.astype(kind), unknown if unknown.any() else None


def _are_rounded(values: NDArray[Any], whole: NDArray[Any], tolerance: float) -> bool:
    """Whether real numbers are whole ones that were rounded: each lies beside one of its own, and only 0 beside 0."""
    distance = np.abs(values - whole).max()
    if distance <= EXACT:
        return True
    if distance > tolerance:
        return False
    stored = np.unique(values)
    apart = 1 + np.count_nonzero(np.diff(stored) > EXACT)
    small = np.abs(stored[np.rint(stored) == 0]).max(initial=0)
    return bool(apart == len(np.unique(np.rint(stored))) and small <= EXACT)


def _fraction(values: NDArray[Any], whole: NDArray[Any]) -> float:
    """Return the value that is furthest from a whole number."""
    return float(values.flat[int(np.abs(values - whole).argmax())])


def narrowest(low: float, high: float) -> np.dtype[Any]:
    """Return the smallest type for whole numbers from `low` to `high`."""
    fitting = [kind for kind in _NARROW if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max]
    return np.dtype(fitting[0] if fitting else np.float32)


def _whole(voxels: NDArray[Any]) -> NDArray[Any]:
    native = voxels.astype(voxels.dtype.newbyteorder("="), copy=False)
    if native.dtype.type in KEPT[:3]:
        return native
    if native.dtype.itemsize == 1:
        return native.astype(np.int16)
    return native.astype(narrowest(int(native.min()), int(native.max())))


def _finite(voxels: NDArray[Any], path: Path) -> NDArray[Any]:
    with np.errstate(over="ignore"):  # values beyond float32 become infinite, and are replaced below
        voxels = voxels.astype(np.float32)
    good = np.isfinite(voxels)
    if not good.any():
        raise FormatError(path, "none of its pixels is a number (all are NaN or infinite); export it again.")
    if not good.all():
        voxels = np.where(good, voxels, voxels[good].min())
    return voxels
