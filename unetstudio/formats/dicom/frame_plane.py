"""Position, rescaling and suggested window of one DICOM frame."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydicom import Dataset

Vector = tuple[float, ...]


@dataclass(frozen=True)
class FramePlane:
    """A frame: `position` (3) and `orientation` (6: along a row, down a column) in LPS mm; `pixel` mm between rows, between columns."""

    position: Vector | None = None
    orientation: Vector | None = None
    pixel: Vector | None = None
    thickness: float | None = None
    slope: float = 1.0
    intercept: float = 0.0
    window: tuple[float, float] | None = None


def planes_of(dataset: Dataset, frames: int) -> list[FramePlane]:
    """Return one plane for each frame: from the per-frame functional groups of an enhanced file, else from the file itself."""
    shared = _first(dataset, "SharedFunctionalGroupsSequence")
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence") or []
    return [_plane(dataset, shared, per_frame[n] if n < len(per_frame) else None, single=frames == 1) for n in range(frames)]


def _plane(dataset: Dataset, shared: Dataset | None, own: Dataset | None, *, single: bool) -> FramePlane:
    """Return the plane of one frame; a position in the file itself holds only for a `single` one."""
    groups = [group for group in (own, shared) if group is not None]
    measures, position, orientation, values, voi = (
        next((item for group in groups if (item := _first(group, f"{name}Sequence")) is not None), dataset)
        for name in ("PixelMeasures", "PlanePosition", "PlaneOrientation", "PixelValueTransformation", "FrameVOILUT")
    )
    has_position = single or position is not dataset
    return FramePlane(
        position=_vector(position, "ImagePositionPatient", 3) if has_position else None,
        orientation=_vector(orientation, "ImageOrientationPatient", 6),
        pixel=next((p for name in ("PixelSpacing", "ImagerPixelSpacing") if (p := _vector(measures, name, 2)) and min(p) > 0), None),
        thickness=next((t for t in _thicknesses(measures) if t > 0), None),
        slope=_slope(dataset, values),
        intercept=_number(values.get("RescaleIntercept"), 0.0),
        window=_window(voi),
    )


def _slope(dataset: Dataset, values: Dataset) -> float:
    """Return the rescale slope; RT dose files have a separate tag for it."""
    return _number(values.get("RescaleSlope"), 0.0) or _number(dataset.get("DoseGridScaling"), 0.0) or 1.0


def _thicknesses(measures: Dataset) -> Iterator[float]:
    return (abs(_number(measures.get(name), 0.0)) for name in ("SpacingBetweenSlices", "SliceThickness"))


def _window(voi: Dataset) -> tuple[float, float] | None:
    """Return (low, high) of the first window in the tags."""
    centre, width = (_several(voi.get(name)) for name in ("WindowCenter", "WindowWidth"))
    if not centre or not width or width[0] <= 0:
        return None
    return (centre[0] - width[0] / 2, centre[0] + width[0] / 2)


def _vector(dataset: Dataset, keyword: str, length: int) -> Vector | None:
    vector = _several(dataset.get(keyword))
    return vector if len(vector) == length else None


def _several(value: Any) -> Vector:
    """Return the numbers of a tag with one or more values; () when one is not a plausible number."""
    if value is None or isinstance(value, (str, bytes)):
        return ()
    values = itertools.islice(value, 16) if hasattr(value, "__iter__") else [value]
    try:
        numbers = tuple(float(one) for one in values)
    except (TypeError, ValueError):
        return ()
    return numbers if all(abs(one) < 1e9 for one in numbers) else ()


def _number(value: Any, default: float) -> float:
    numbers = _several(value)
    return numbers[0] if numbers else default


def _first(dataset: Dataset, keyword: str) -> Dataset | None:
    sequence = dataset.get(keyword)
    return sequence[0] if sequence else None
