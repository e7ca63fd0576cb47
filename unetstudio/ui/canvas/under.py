"""What lies under the pointer, for the status bar: voxel, values, class, position in the patient."""

from __future__ import annotations

import math
from dataclasses import dataclass

from unetstudio.data.classes import ClassTable
from unetstudio.data.labels import LabelMap
from unetstudio.data.region import Index
from unetstudio.data.scan import Scan


@dataclass(frozen=True)
class Under:
    """`index` (z, y, x); `values` of each channel; the class painted there; `position` in mm (LPS x, y, z), None without spacing."""

    index: Index
    values: tuple[float, ...]
    class_name: str | None
    position: tuple[float, float, float] | None


def index_of(row: float, column: float, axis: int, index: int, shape: Index) -> Index | None:
    """The voxel (z, y, x) at a place in a plane; None outside the scan."""
    place = [math.floor(row + 0.5), math.floor(column + 0.5)]
    place.insert(axis, index)
    z, y, x = place
    return (z, y, x) if all(0 <= i < n for i, n in zip(place, shape, strict=True)) else None


def under(scan: Scan, labels: LabelMap | None, classes: ClassTable, index: Index) -> Under:
    """Everything the program knows about one voxel."""
    values = tuple(channel[index].item() for channel in scan.voxels)
    value = None if labels is None else int(labels.values[index])
    name = classes[value].name if value is not None and value in classes else None
    position = None
    if scan.geometry.spacing is not None:
        x, y, z, _ = (float(v) for v in scan.geometry.matrix @ [*index, 1.0])
        position = (x, y, z)
    return Under(index, values, name, position)
