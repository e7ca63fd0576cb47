"""Ordering of DICOM slices along their normal; slices that do not form a regular volume are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.geometry import Geometry
from unetstudio.errors import FormatError
from unetstudio.formats.dicom.frame_plane import FramePlane

GAP = 0.01
"""Tolerance of slice distances, as a share of the median one (that of highdicom)."""

TILT = 1e-3
"""Tolerance of sideways shifts of slices, as a share of their distance."""

MIXED = 1e-3
"""Tolerance of direction cosines of a volume's slices."""

_AS_PICTURES = "open its slices one at a time as pictures"


def stacked(planes: list[FramePlane], path: Path) -> tuple[list[int], Geometry]:
    """Return the order of the slices, lowest along the normal first, and their geometry.

    Frames without positions of their own, and repeated ones (a film, a time series), stay in the order of the file.
    """
    as_stored = list(range(len(planes)))
    if len(planes) == 1:
        return as_stored, _lone(planes[0])
    if any(plane.position is None or plane.orientation is None or plane.pixel is None for plane in planes):
        return as_stored, _loose(planes)
    orientations = np.array([plane.orientation for plane in planes])
    if np.abs(orientations - orientations[0]).max() > MIXED:
        raise FormatError(path, f"its slices lie in different directions, so they are no volume; {_AS_PICTURES}.")
    positions = np.array([plane.position for plane in planes])
    heights = positions @ _normal(orientations[0])
    order = np.argsort(heights, kind="stable")
    if path.is_file() and np.diff(heights[order]).min() < 1e-4:
        return as_stored, _loose(planes)
    step = _step(positions[order], heights[order], path)
    return [int(n) for n in order], _geometry(planes[order[0]], step)


def _step(positions: NDArray[np.float64], heights: NDArray[np.float64], path: Path) -> NDArray[np.float64]:
    """Return (3,) mm from slice to slice of sorted slices; raise FormatError when uneven or not along the normal."""
    distances = np.diff(heights)
    usual = float(np.median(distances))
    if distances.min() < max(1e-4, GAP * usual):
        raise FormatError(path, f"two of its slices lie at the same place, so they are no single volume; {_AS_PICTURES}.")
    worst = int(np.argmax(np.abs(distances - usual)))
    if abs(distances[worst] - usual) > GAP * usual:
        problem = "a slice is missing or misplaced" if distances[worst] > usual else "slices are unevenly spaced"
        raise FormatError(
            path,
            f"{problem} between slices {worst + 1} and {worst + 2} ({distances[worst]:.2f} mm apart where {usual:.2f} mm is usual); "
            f"export the whole series again, or {_AS_PICTURES}.",
        )
    step: NDArray[np.float64] = (positions[-1] - positions[0]) / (len(positions) - 1)
    sideways = np.sqrt(max(0.0, float(step @ step) - usual**2)) / usual
    if sideways > TILT:
        angle = np.degrees(np.arctan(sideways))
        raise FormatError(
            path,
            f"its slices are tilted by {angle:.1f} degrees against the table (gantry tilt), so they are no straight volume; "
            f"have the series resampled without tilt, or {_AS_PICTURES}.",
        )
    return step


def _geometry(first: FramePlane, step: NDArray[np.float64]) -> Geometry:
    """Make the geometry from the first slice and the step between slices."""
    if first.orientation is None or first.position is None or first.pixel is None:
        return Geometry()
    row, column = np.array(first.orientation[:3]), np.array(first.orientation[3:])
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2], affine[:3, 3] = step, column * first.pixel[0], row * first.pixel[1], first.position
    return Geometry.from_affine(affine)


def _lone(plane: FramePlane) -> Geometry:
    """Return the geometry of a single slice, with its thickness as depth, or 1 mm where that is not stated."""
    depth = plane.thickness or 1.0
    if plane.orientation is not None and plane.position is not None and plane.pixel is not None:
        normal = _normal(np.array(plane.orientation))
        if abs(np.linalg.norm(normal) - 1) < 0.01:
            return _geometry(plane, normal * depth)
    return Geometry() if plane.pixel is None else Geometry((depth, plane.pixel[0], plane.pixel[1]))


def _loose(planes: list[FramePlane]) -> Geometry:
    """Return the geometry of frames without positions: only the spacing, if the distance of slices is stated."""
    first = planes[0]
    has_spacing = first.pixel is not None and first.thickness is not None and first.position is None and first.orientation is not None
    if not has_spacing or first.pixel is None or first.thickness is None:
        return Geometry()
    return Geometry((first.thickness, first.pixel[0], first.pixel[1]))


def _normal(orientation: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.cross(orientation[:3], orientation[3:])
