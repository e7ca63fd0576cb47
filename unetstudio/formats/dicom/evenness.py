"""Evenness of slice positions, judged against the best straight line through them within the rounding of the written digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unetstudio.formats.dicom.frame_plane import FramePlane

UNEVEN = 0.03
"""Tolerance of a slice's distance from the line along the normal, as a share of a step."""

_MOST_ROUNDING = 0.2
"""Largest rounding that is taken as such, as a share of a step; more could hide a missing slice."""

_FITTED = 1.5
"""Share by which rounded positions may miss the fitted line further than the true one."""

_EXACT = 1e-6
"""Distance in mm below which positions lie on a line exactly."""

_SAME = 0.01
"""Distance in mm below which slices lie at one place, if they are further apart otherwise."""


@dataclass(frozen=True, eq=False)
class Line:
    """The best line through slices sorted by height: `origin` and `step` (3,) in mm, and whether all lie evenly on it along the normal."""

    origin: NDArray[np.float64]
    step: NDArray[np.float64]
    even: bool


def normal_of(plane: FramePlane) -> NDArray[np.float64]:
    """Return the unit vector that is normal to a plane."""
    orientation = np.array(plane.orientation, np.float64)
    normal = np.cross(orientation[:3], orientation[3:])
    length = float(np.linalg.norm(normal))
    return normal / length if length > 0 else normal


def positions_of(planes: Sequence[FramePlane]) -> NDArray[np.float64]:
    """Return the positions (N, 3) of planes that have one."""
    return np.array([plane.position for plane in planes], np.float64).reshape(-1, 3)


def rounding_of(planes: Sequence[FramePlane]) -> float:
    """Return half a unit in mm of the last digit of the written positions; 0 where one is stored in full."""
    written = [plane.decimals[0] for plane in planes]
    digits = [n for n in written if n is not None]
    return 0.5 * 10.0 ** -max(digits) if digits and len(digits) == len(written) else 0.0


def line_through(positions: NDArray[np.float64], normal: NDArray[np.float64], rounding: float) -> Line:
    """Fit a line to the positions (N, 3) of at least two sorted slices, by least squares over their index."""
    index = np.arange(len(positions)) - (len(positions) - 1) / 2
    step: NDArray[np.float64] = index @ positions / (index @ index)
    origin: NDArray[np.float64] = positions.mean(0) + index[0] * step
    distance = abs(float(step @ normal))
    ends = (positions[-1] - positions[0]) / (len(positions) - 1)
    if np.abs(positions - positions[0] - np.arange(len(positions))[:, None] * ends).max() < _EXACT:
        origin, step = positions[0], ends  # without the last digits of a fit
    residuals = np.abs((positions - origin - np.arange(len(positions))[:, None] * step) @ normal)
    written = _FITTED * rounding * float(np.abs(normal).sum())
    allowed = max(UNEVEN * distance, min(written, _MOST_ROUNDING * distance))
    return Line(origin, step, bool(residuals.max() <= allowed))


def place_numbers(heights: NDArray[np.float64]) -> NDArray[np.intp]:
    """Number the places of slices by height from 0; slices that lie at one place within noise share a number."""
    order = np.argsort(heights, kind="stable")
    steps = np.diff(heights[order])
    apart = int((steps > 1e-4).sum())  # noise, or steps of very small objects
    same = min(_SAME, 0.2 * float(np.ptp(heights)) / apart) if apart else _SAME
    numbers = np.empty(len(heights), np.intp)
    numbers[order] = np.concatenate([[0], np.cumsum(steps > same)])
    return numbers
