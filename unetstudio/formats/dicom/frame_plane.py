"""Position, rescaling and suggested window of one DICOM frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from unetstudio.formats.dicom.frame_offsets import offset_positions
from unetstudio.formats.dicom.header import Vector, decimals, first, number, numbers, value, vector

if TYPE_CHECKING:
    from pydicom import Dataset


@dataclass(frozen=True)
class FramePlane:
    """A frame: `position` (3) and `orientation` (6: along a row, down a column) in LPS mm; `pixel` mm between rows, between columns.

    `decimals` are the digits after the point with which position and orientation are written, None where they are binary.
    """

    position: Vector | None = None
    orientation: Vector | None = None
    pixel: Vector | None = None
    thickness: float | None = None
    slope: float = 1.0
    intercept: float = 0.0
    window: tuple[float, float] | None = None
    decimals: tuple[int | None, int | None] = (None, None)


def planes_of(dataset: Dataset, frames: int) -> list[FramePlane]:
    """Return one plane for each frame: from the functional groups of an enhanced file, its vector of offsets, or the file itself."""
    shared = first(dataset, "SharedFunctionalGroupsSequence")
    per_frame = value(dataset, "PerFrameFunctionalGroupsSequence") or []
    planes = [_plane(dataset, shared, per_frame[n] if n < len(per_frame) else None, single=frames == 1) for n in range(frames)]
    if per_frame or frames == 1 or (placed := offset_positions(dataset, frames)) is None:
        return planes
    positions, orientation = placed
    return [replace(plane, position=at, orientation=orientation) for plane, at in zip(planes, positions, strict=True)]


def _plane(dataset: Dataset, shared: Dataset | None, own: Dataset | None, *, single: bool) -> FramePlane:
    """Return the plane of one frame; a position in the file itself holds only for a `single` one."""
    groups = [group for group in (own, shared) if group is not None]
    measures, position, orientation, values, voi = (
        next((item for group in groups if (item := first(group, f"{name}Sequence")) is not None), dataset)
        for name in ("PixelMeasures", "PlanePosition", "PlaneOrientation", "PixelValueTransformation", "FrameVOILUT")
    )
    has_position = single or position is not dataset
    return FramePlane(
        position=vector(position, "ImagePositionPatient", 3) if has_position else None,
        orientation=vector(orientation, "ImageOrientationPatient", 6),
        pixel=next((p for name in ("PixelSpacing", "ImagerPixelSpacing") if (p := vector(measures, name, 2)) and min(p) > 0), None),
        thickness=next((t for t in _thicknesses(measures) if t > 0), None),
        slope=_slope(dataset, values),
        intercept=number(values, "RescaleIntercept"),
        window=_window(voi),
        decimals=(decimals(position, "ImagePositionPatient"), decimals(orientation, "ImageOrientationPatient")),
    )


def _slope(dataset: Dataset, values: Dataset) -> float:
    """Return the rescale slope; RT dose files have a separate tag for it."""
    return number(values, "RescaleSlope") or number(dataset, "DoseGridScaling") or 1.0


def _thicknesses(measures: Dataset) -> Iterator[float]:
    return (abs(number(measures, name)) for name in ("SpacingBetweenSlices", "SliceThickness"))


def _window(voi: Dataset) -> tuple[float, float] | None:
    """Return (low, high) of the first window in the tags."""
    centre, width = (numbers(voi, name) for name in ("WindowCenter", "WindowWidth"))
    if not centre or not width or width[0] <= 0:
        return None
    return (centre[0] - width[0] / 2, centre[0] + width[0] / 2)
