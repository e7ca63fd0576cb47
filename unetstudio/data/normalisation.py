"""The choice of a normalisation, and the range of stored values that each normalisation derives from a sample of voxels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.scan import Scan
from unetstudio.errors import UserError

Floats = NDArray[np.float32]

NORMALISATIONS = {"percentile": "Percentiles", "zscore": "Mean and deviation (z-score)", "ct": "CT window"}
"""Titles of the normalisations by name."""

ENDS = (0.5, 99.5)
"""Percentiles that become -1 and 1."""

DEVIATIONS = 2.5
"""Standard deviations below and above the mean that become -1 and 1; for normally distributed values about the same as ENDS."""

SOFT_TISSUE = (-160.0, 240.0)
"""HU window that the network sees beside the whole range of a CT: organs differ by tens of HU out of thousands."""

UNLIKE = 8.0
"""Ratio of ranges above which scans have no common unit."""

AIR = -500.0
"""Value below which voxels are in HU: other volumes of medical formats hold nothing as low."""

CROPPED = 0.25
"""Share of exact zeros in a scan above which they are a background that is not part of the image."""


def is_ct(scan: Scan) -> bool:
    """Whether the values are CT numbers: by the file, or because a medical volume reaches down to air."""
    words = scan.kind.split()
    return "CT" in words or ("MR" not in words and "NIfTI" in words and lowest(scan) <= AIR)


def is_unitless(scan: Scan) -> bool:
    """Whether the values have no unit: MR, and volumes of medical formats that are not in HU."""
    words = scan.kind.split()
    return "MR" in words or ("NIfTI" in words and lowest(scan) > AIR)


def lowest(scan: Scan) -> float:
    """Return the lowest value of about eight slices."""
    return float(np.nanmin(scan.voxels[:, :: max(1, scan.shape[0] // 8)]))


def choose(requested: str, hu: Iterable[bool]) -> str:
    """Choose the normalisation for scans, each in HU or not; raise UserError for an unknown name."""
    if requested not in ("auto", *NORMALISATIONS):
        raise UserError(f"normalisation cannot be {requested!r}: choose auto, {', '.join(NORMALISATIONS)}.")
    if requested != "auto":
        return requested
    return "ct" if all(hu) else "percentile"


def scale(values: Floats, normalisation: str) -> tuple[float, float]:
    """Return the values of one channel that become -1 and 1, low < high."""
    if normalisation == "zscore":
        return around_mean(values)
    return spread(values, *ENDS)


def around_mean(values: Floats) -> tuple[float, float]:
    """Return the range of DEVIATIONS about the mean, ignoring a background of zeros (brain-extracted MR); one unit if constant."""
    finite = values[np.isfinite(values)]
    inside = finite[finite != 0]
    if 0 < inside.size < (1 - CROPPED) * finite.size:
        finite = inside
    if finite.size == 0:
        return (0.0, 1.0)
    mean, deviation = float(finite.mean(dtype=np.float64)), float(finite.std(dtype=np.float64))
    low, high = mean - DEVIATIONS * deviation, mean + DEVIATIONS * deviation
    return (low, high) if high - low > 1e-6 * max(1e-30, abs(mean)) else one_unit(mean)


def spread(values: Floats, low: float, high: float) -> tuple[float, float]:
    """Return two percentiles of the finite values; the range, or one unit, where they coincide."""
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return (0.0, 1.0)
    for bottom, top in _candidates(finite, low, high):
        if top > bottom:
            return (bottom, top)
    return one_unit(float(finite[0]))


def one_unit(value: float) -> tuple[float, float]:
    """Return a range above a constant value."""
    return (value, value + max(1.0, abs(value) * 1e-3))


def describe(normalisation: str, windows: list[tuple[float, float]], each: bool, requested: str) -> str:
    """Describe the normalisation and the reason for it; `windows` are the pooled ones of the channels."""
    low, high = min(low for low, _ in windows), max(high for _, high in windows)
    ends = f"{low:.4g} to {high:.4g}"
    match normalisation, each:
        case "ct", _:
            text = f"CT numbers from {ends} HU, and the soft tissue window from {SOFT_TISSUE[0]:g} to {SOFT_TISSUE[1]:g} HU"
        case "zscore", True:
            text = "each image by its own mean and standard deviation (z-score)"
        case "zscore", False:
            text = f"by the mean and standard deviation of all images (z-score), {ends}"
        case _, True:
            text = f"each image from its own {ENDS[0]:g} to its {ENDS[1]:g} percentile"
        case _:
            text = f"one scale for all images, from {ends} ({ENDS[0]:g} and {ENDS[1]:g} percentile)"
    if requested == normalisation:
        return f"{text}: as you chose"
    if each:
        return f"{text}: their values have no common unit"
    return text if normalisation != "ct" else f"{text}: the values are in HU"


def _candidates(finite: Floats, low: float, high: float) -> Iterator[tuple[float, float]]:
    """Yield the percentiles, then the whole range for images that are almost constant."""
    bottom, top = np.percentile(finite, [low, high])
    yield float(bottom), float(top)
    yield float(finite.min()), float(finite.max())
