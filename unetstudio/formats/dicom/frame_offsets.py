"""Positions of frames that a multi-frame file states as offsets from its first one: RT dose, and slices of nuclear medicine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unetstudio.formats.dicom.header import Vector, first, number, numbers, vector

if TYPE_CHECKING:
    from pydicom import Dataset

_NEAR = 0.01
"""Tolerance in mm by which the first offset is recognised as the position itself."""


def has_offsets(dataset: Dataset) -> bool:
    """Whether the frames are stacked by a vector of offsets, whose order is kept."""
    return bool(numbers(dataset, "GridFrameOffsetVector"))


def offset_positions(dataset: Dataset, frames: int) -> tuple[list[Vector], Vector] | None:
    """Return the position of each frame and their orientation, where offsets along the normal are stated for all of them."""
    detector = first(dataset, "DetectorInformationSequence") or dataset
    position = vector(dataset, "ImagePositionPatient", 3) or vector(detector, "ImagePositionPatient", 3)
    orientation = vector(dataset, "ImageOrientationPatient", 6) or vector(detector, "ImageOrientationPatient", 6)
    if position is None or orientation is None:
        return None
    normal = np.cross(orientation[:3], orientation[3:])
    offsets = _grid(dataset, frames, position, normal[2]) or _slices(dataset, frames)
    if not offsets:
        return None
    return [tuple(float(n) for n in np.array(position) + normal * offset) for offset in offsets], orientation


def _grid(dataset: Dataset, frames: int, position: Vector, upward: float) -> Vector:
    """Return the offsets of a dose grid along the normal: relative to its first plane, or stated as z of the patient."""
    offsets = numbers(dataset, "GridFrameOffsetVector", frames)
    if len(offsets) != frames:
        return ()
    absolute = offsets[0] != 0 and abs(offsets[0] - position[2]) < _NEAR and abs(abs(upward) - 1) < _NEAR
    direction = np.sign(upward) if absolute else 1.0
    return tuple(float(direction * (offset - offsets[0])) for offset in offsets)


def _slices(dataset: Dataset, frames: int) -> Vector:
    """Return the offsets of frames that a vector numbers by slice, at the stated distance."""
    index = numbers(dataset, "SliceVector", frames)
    distance = number(dataset, "SpacingBetweenSlices") or number(dataset, "SliceThickness")
    return tuple((n - 1) * distance for n in index) if len(index) == frames and distance else ()
