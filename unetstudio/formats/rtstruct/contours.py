"""The structures of a structure set: number, name, colour and the corners of their contours."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.classes import Colour
from unetstudio.formats.dicom.short_names import whole_name

if TYPE_CHECKING:
    from pydicom import Dataset

CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR", "CLOSED_PLANAR_XOR")
"""The kinds of contours that enclose an area."""

_CONTOUR_DATA = 0x30060050


@dataclass(frozen=True, eq=False)
class Structure:
    """A structure: `contours` are corners (N, 3) in LPS mm of closed contours; `skipped` counts points and open lines by kind."""

    number: int
    name: str
    colour: Colour | None = None
    contours: list[NDArray[np.float64]] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)


def structures_of(dataset: Dataset) -> list[Structure]:
    """Return the structures in the order of the file, those without contours included.

    Their numbers are those of the file, unless these cannot be values of a mask: then they count from 1.
    """
    items = list(dataset.get("StructureSetROISequence") or [])
    drawn = {int(item.ReferencedROINumber): item for item in dataset.get("ROIContourSequence") or []}
    numbers = [int(item.ROINumber) for item in items]
    usable = len(set(numbers)) == len(numbers) and all(0 < number < 2**16 for number in numbers)
    return [
        _structure(item, drawn.get(number), number if usable else n)
        for n, (item, number) in enumerate(zip(items, numbers, strict=True), start=1)
    ]


def _structure(item: Dataset, drawn: Dataset | None, number: int) -> Structure:
    short = str(item.get("ROIName") or "").strip()
    name = whole_name(short, str(item.get("ROIDescription") or "")) or f"Structure {number}"
    if drawn is None:
        return Structure(number, name)
    structure = Structure(number, name, _colour(drawn.get("ROIDisplayColor")))
    for contour in drawn.get("ContourSequence") or []:
        kind = str(contour.get("ContourGeometricType") or "")
        corners = _corners(contour)
        if kind in CLOSED and len(corners) >= 3 and np.isfinite(corners).all():
            structure.contours.append(corners)
        else:
            what = "point" if kind == "POINT" or len(corners) < 3 else "open line"
            structure.skipped[what] = structure.skipped.get(what, 0) + 1
    return structure


def _corners(contour: Dataset) -> NDArray[np.float64]:
    """Return the corners (N, 3); parsed from the bytes, which takes a tenth of the time that the library needs for as many numbers."""
    element: Any = contour.get_item(_CONTOUR_DATA) if _CONTOUR_DATA in contour else None
    stored = None if element is None else element.value
    parts = stored.strip(b" \0").split(b"\\") if isinstance(stored, bytes) else _values(stored)
    numbers = np.array([float(n) for n in parts if n != b""], np.float64)
    return numbers[: len(numbers) // 3 * 3].reshape(-1, 3)


def _values(data: Any) -> Any:
    return () if data is None else data if hasattr(data, "__iter__") and not isinstance(data, str) else (data,)


def _colour(stored: Any) -> Colour | None:
    values = [int(n) for n in _values(stored)]
    if len(values) != 3 or not all(0 <= n <= 255 for n in values):
        return None
    return (values[0], values[1], values[2])
