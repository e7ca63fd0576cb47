"""The order of DICOM slices along their normal, and the geometry of the volume that they form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.geometry import Geometry
from unetstudio.formats.dicom.evenness import UNEVEN, Line, line_through, normal_of, place_numbers, positions_of, rounding_of
from unetstudio.formats.dicom.frame_plane import FramePlane
from unetstudio.formats.dicom.steps import can_be_resampled, even_heights, gaps, usual_step
from unetstudio.formats.dicom.tilt import Place, Tilt

MIXED = 1e-3
"""Tolerance of direction cosines of a volume's slices."""

_SIDEWAYS = 1e-3
"""Tolerance of sideways shifts from slice to slice, as a share of their distance."""

_UNIT = 1e-4
"""Tolerance of the length of direction cosines that are written in full."""

_ASIDE = 0.1
"""Tolerance of a slice's sideways distance from the line, as a share of a pixel."""

_STRAIGHT = 0.05
"""Angle in degrees below which slices are not called tilted."""

_WIDEST = 3.0
"""Largest growth of a slice, height times width, by straightening."""


@dataclass(frozen=True)
class Stack:
    """The slices as a volume: their `order`, the `geometry`, and if they have to be straightened, the `tilt` of the ordered slices.

    `notes` are sentences for the user.
    """

    order: tuple[int, ...]
    geometry: Geometry
    tilt: Tilt | None = None
    notes: tuple[str, ...] = ()


def stacked(planes: Sequence[FramePlane], shape: tuple[int, int], *, keep_order: bool = False) -> Stack:
    """Stack slices of `shape` (Y, X), lowest along the normal first, or in their own order if it is steady and to be kept.

    Frames without positions of their own, and repeated ones (a film, a time series), stay in the order of the file.
    """
    as_stored = tuple(range(len(planes)))
    if len(planes) == 1:
        return Stack(as_stored, _lone(planes[0]))
    if any(plane.position is None or plane.orientation is None or plane.pixel is None for plane in planes):
        return Stack(as_stored, _loose(planes))
    orientations = np.array([plane.orientation for plane in planes])
    if np.abs(orientations - orientations[0]).max() > MIXED:
        return Stack(as_stored, Geometry(), notes=("Its slices lie in different directions, so nothing across them is measured in mm.",))
    heights = positions_of(planes) @ normal_of(planes[0])
    if len(set(place_numbers(heights).tolist())) < len(planes):
        return Stack(as_stored, _loose(planes))
    order = np.argsort(heights, kind="stable")
    if keep_order and np.array_equal(order, np.arange(len(order))[::-1]):
        order = order[::-1]
    ordered = [planes[n] for n in order]
    return replace(_volume(ordered, shape), order=tuple(int(n) for n in order))


def _volume(planes: list[FramePlane], shape: tuple[int, int]) -> Stack:
    """Return the geometry of slices in order: as they are, straightened, or none where slices are missing."""
    positions, normal = positions_of(planes), normal_of(planes[0])
    line = line_through(positions, normal, rounding_of(planes))
    if float(line.step @ normal) < 0:
        normal = -normal
    heights = (positions - positions[0]) @ normal
    steps = np.diff(heights)
    thicknesses = [plane.thickness for plane in planes]
    if not line.even and not can_be_resampled(steps, thicknesses):
        return Stack((), Geometry(), notes=(_missing(steps, gaps(steps, thicknesses)),))
    aside = _aside(planes, positions, line, normal)
    if aside is None and line.even:
        return Stack((), _geometry(planes[0], line.origin, _stated_step(planes, positions, line)))
    levels, step = (np.arange(len(planes), dtype=float), float(line.step @ normal)) if line.even else even_heights(heights)
    sideways = np.zeros((len(planes), 2)) if aside is None else aside
    low = np.floor(sideways.min(0) + 1e-6)
    rows, columns = (n + int(np.ceil(extra - 1e-6)) for n, extra in zip(shape, (sideways - low).max(0), strict=True))
    if rows * columns > _WIDEST * shape[0] * shape[1]:
        return Stack((), Geometry(), notes=("Its slices are shifted far against each other, so nothing across them is measured in mm.",))
    places: tuple[Place, ...] = tuple((float(z), float(y), float(x)) for z, (y, x) in zip(levels, sideways - low, strict=True))
    row, column, pixel = _axes(planes[0])
    origin = positions[0] + low[0] * pixel[0] * column + low[1] * pixel[1] * row
    tilt = Tilt(places, (round(float(levels[-1])) + 1, rows, columns), shape)
    notes = [] if aside is None else [_straightened(line, normal)]
    notes += [] if line.even else [_resampled(steps, step)]
    return Stack((), _geometry(planes[0], origin, normal * step), tilt, tuple(notes))


def _stated_step(planes: list[FramePlane], positions: NDArray[np.float64], line: Line) -> NDArray[np.float64]:
    """Return the step with the length that the file states, if positions are rounded and agree with it, else as fitted."""
    rounding, length = rounding_of(planes), float(np.linalg.norm(line.step))
    stated = planes[0].thickness
    if not rounding or stated is None or length == 0 or abs(stated - length) * (len(planes) - 1) > 2 * rounding:
        return line.step
    return line.step * (stated / length)


def _aside(planes: list[FramePlane], positions: NDArray[np.float64], line: Line, normal: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return each slice's sideways shift (N, 2) in rows and columns against the first; None when there is no shift to speak of."""
    row, column, pixel = _axes(planes[0])
    offsets = positions - positions[0]
    shifts = np.stack([offsets @ column / pixel[0], offsets @ row / pixel[1]], 1)
    index = np.arange(len(planes))[:, None]
    steady = np.array([line.step @ column / pixel[0], line.step @ row / pixel[1]])
    written = max(_ASIDE, min(1.0, 3 * rounding_of(planes) / min(pixel)))
    scatter = np.abs(shifts - shifts.mean(0) - (index - index.mean()) * steady).max(0)
    jitter = min(0.5, UNEVEN * abs(float(line.step @ normal)) / max(pixel))
    if line.even and (scatter <= max(written, jitter)).all():
        allowed = _sideways(planes[0]) * abs(float(line.step @ normal)) / np.array(pixel)
        is_drift = (np.abs(steady) > allowed) & (np.abs(steady) * (len(planes) - 1) > written)
        return np.where(is_drift, index * steady, 0.0) if is_drift.any() else None
    moved = np.where(np.abs(shifts).max(0) > written, shifts, 0.0)
    return moved if moved.any() else None


def _sideways(plane: FramePlane) -> float:
    """Return the sideways shift, as a share of the step, that rounded digits of the direction allow; cosines of length 1 are exact."""
    digits, lengths = plane.decimals[1], [float(np.linalg.norm(axis)) for axis in _axes(plane)[:2]]
    is_rounded = digits is not None and max(abs(length - 1) for length in lengths) > _UNIT
    return max(_SIDEWAYS, 0.75 * 10.0**-digits) if is_rounded and digits is not None else _SIDEWAYS


def _missing(steps: NDArray[np.float64], missing: list[int]) -> str:
    usual = usual_step(steps)
    if not missing:
        spread = f"between {steps.min():.2f} and {steps.max():.2f} mm apart"
        return f"Its slices are {spread}, so they are kept as they are and nothing is measured in mm; export the whole series again."
    at = missing[0]
    others = f" and at {len(missing) - 1} more places" if len(missing) > 1 else ""
    return (
        f"Slices are missing between slices {at + 1} and {at + 2} ({steps[at]:.2f} mm apart where {usual:.2f} mm is usual){others}, "
        "so the slices are kept as they are and nothing is measured in mm; export the whole series again."
    )


def _straightened(line: Line, normal: NDArray[np.float64]) -> str:
    along = float(line.step @ normal)
    angle = np.degrees(np.arctan2(np.linalg.norm(line.step - along * normal), along))
    problem = f"tilted by {angle:.1f} degrees (gantry tilt)" if angle > _STRAIGHT else "shifted sideways against each other"
    return f"Its slices are {problem}; they were moved to a straight volume, with linear interpolation and the lowest value around them."


def _resampled(steps: NDArray[np.float64], step: float) -> str:
    return (
        f"Its slices are {steps.min():.2f} to {steps.max():.2f} mm apart; they were resampled to even steps of {step:.2f} mm, "
        "with linear interpolation between neighbours."
    )


def _axes(plane: FramePlane) -> tuple[NDArray[np.float64], NDArray[np.float64], tuple[float, ...]]:
    """Return the direction along a row, that down a column, and mm between rows and between columns."""
    orientation = np.array(plane.orientation, np.float64)
    return orientation[:3], orientation[3:], plane.pixel or (1.0, 1.0)


def _geometry(plane: FramePlane, origin: NDArray[np.float64], step: NDArray[np.float64]) -> Geometry:
    """Make the geometry from a slice's axes, the first slice's position and the step between slices."""
    row, column, pixel = _axes(plane)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2], affine[:3, 3] = step, column * pixel[0], row * pixel[1], origin
    return Geometry.from_affine(affine)


def _lone(plane: FramePlane) -> Geometry:
    """Return the geometry of a single slice, with its thickness as depth, or 1 mm where that is not stated."""
    depth = plane.thickness or 1.0
    if plane.orientation is not None and plane.position is not None and plane.pixel is not None:
        row, column, _ = _axes(plane)
        normal = np.cross(row, column)
        if abs(np.linalg.norm(normal) - 1) < 0.01:
            return _geometry(plane, np.array(plane.position), normal * depth)
    return Geometry() if plane.pixel is None else Geometry((depth, plane.pixel[0], plane.pixel[1]))


def _loose(planes: Sequence[FramePlane]) -> Geometry:
    """Return the geometry of frames without positions: only the spacing, if the distance of slices is stated."""
    first = planes[0]
    has_spacing = first.pixel is not None and first.thickness is not None and first.position is None and first.orientation is None
    if not has_spacing or first.pixel is None or first.thickness is None:
        return Geometry()
    return Geometry((first.thickness, first.pixel[0], first.pixel[1]))
