"""The voxel under the pointer, for the status bar: its place, values, class, and position in the patient."""

from __future__ import annotations

import math
from dataclasses import dataclass

from unetstudio.data.classes import ClassTable
from unetstudio.data.labels import LabelMap
from unetstudio.data.plane import Plane
from unetstudio.data.region import Index
from unetstudio.data.scan import Scan


@dataclass(frozen=True)
class Under:
    """The voxel at `index` (z, y, x): `values` of each channel in `unit`, the painted class, and `position` in mm (LPS x, y, z), None
    without spacing."""

    index: Index
    values: tuple[float, ...]
    class_name: str | None
    position: tuple[float, float, float] | None
    unit: str = ""


def voxel_at(row: float, column: float, plane: Plane, shape: Index) -> Index | None:
    """Return the voxel (z, y, x) at a place in a plane; None outside the scan."""
    voxel = plane.voxel(math.floor(row + 0.5), math.floor(column + 0.5))
    return voxel if all(0 <= i < n for i, n in zip(voxel, shape, strict=True)) else None


def under(scan: Scan, labels: LabelMap | None, classes: ClassTable, index: Index) -> Under:
    """Describe one voxel: place, values, class and position."""
    values = tuple(scan.voxels[(slice(None), *index)].tolist())
    value = None if labels is None else int(labels.values[index])
    name = classes[value].name if value is not None and value in classes else None
    position = None
    if scan.geometry.spacing is not None:
        x, y, z, _ = (float(v) for v in scan.geometry.matrix @ [*index, 1.0])
        position = (x, y, z)
    return Under(index, values, name, position, scan.unit)
