"""Measurements of each class in a label map: voxels, area or volume, number and mean size of objects, and origin of the voxels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from unetstudio.data.classes import ClassTable
from unetstudio.data.csv_cell import csv_cell
from unetstudio.data.geometry import Geometry
from unetstudio.data.labels import UNLABELLED
from unetstudio.data.origin import SOURCE, Origin


@dataclass(frozen=True)
class ClassMeasurements:
    """The measurements of one class in one case.

    Areas and volumes are None if the spacing is unknown; a picture has only an area, a volume only a volume.
    """

    value: int
    name: str
    voxels: int
    share: float  # of all voxels with a class, 0 to 1
    objects: int  # connected through faces, edges or corners
    area_mm2: float | None
    volume_mm3: float | None
    painted: int  # voxels by origin
    imported: int
    accepted: int
    predicted: int

    @property
    def mean_object_voxels(self) -> float | None:
        """Mean size of an object in voxels."""
        return self.voxels / self.objects if self.objects else None

    @property
    def mean_object_mm(self) -> float | None:
        """Mean size of an object in mm² (picture) or mm³ (volume)."""
        size = self.volume_mm3 if self.volume_mm3 is not None else self.area_mm2
        return size / self.objects if self.objects and size is not None else None


def measure_classes(
    labels: NDArray[np.uint8], classes: ClassTable, geometry: Geometry, origin: NDArray[np.uint8] | None = None
) -> list[ClassMeasurements]:
    """Measure each class of the table, including empty ones; arrays are (Z, Y, X) uint8.

    `origin` holds the origin of each voxel; voxels of origin NONE, and all voxels without an array, count as predicted.
    """
    counts = np.bincount(labels.reshape(-1), minlength=256)
    total = int(counts.sum() - counts[UNLABELLED])
    origins = _by_origin(labels, origin)
    volume = labels.shape[0] > 1
    measurements = []
    for entry in classes:
        voxels = int(counts[entry.value])
        painted, imported, accepted = (int(origins[source, entry.value]) for source in (Origin.PAINTED, Origin.IMPORTED, Origin.ACCEPTED))
        area = volume_mm3 = None
        if geometry.spacing is not None:
            z, y, x = geometry.spacing
            area, volume_mm3 = (None, voxels * z * y * x) if volume else (voxels * y * x, None)
        measurements.append(
            ClassMeasurements(
                value=entry.value,
                name=entry.name,
                voxels=voxels,
                share=voxels / total if total else 0.0,
                objects=_objects(labels, entry.value) if voxels else 0,
                area_mm2=area,
                volume_mm3=volume_mm3,
                painted=painted,
                imported=imported,
                accepted=accepted,
                predicted=voxels - painted - imported - accepted,
            )
        )
    return measurements


COLUMNS = (
    "case",
    "class",
    "value",
    "objects",
    "voxels",
    "share_percent",
    "area_mm2",
    "volume_mm3",
    "mean_object_voxels",
    "mean_object_mm2_or_mm3",
    "painted_voxels",
    "imported_voxels",
    "accepted_voxels",
    "predicted_voxels",
    "review",
)


def row(case: str, measurements: ClassMeasurements, review: str = "") -> tuple[str, ...]:
    """Return the cells of a table row in the order of `COLUMNS`; unknown values are empty."""
    return (
        case,
        measurements.name,
        str(measurements.value),
        str(measurements.objects),
        str(measurements.voxels),
        _number(100 * measurements.share),
        _number(measurements.area_mm2),
        _number(measurements.volume_mm3),
        _number(measurements.mean_object_voxels),
        _number(measurements.mean_object_mm),
        *(str(count) for count in (measurements.painted, measurements.imported, measurements.accepted, measurements.predicted)),
        review,
    )


def table(rows: Iterable[tuple[str, ...]], header: str) -> str:
    """Format CSV text with the header as a comment line; commas and quotes in names are quoted.

    A name that a spreadsheet would take for a formula is prefixed with an apostrophe.
    """
    lines = [f"# {header}", ",".join(COLUMNS)]
    lines += [",".join(csv_cell(cell) for cell in cells) for cells in rows]
    return "\r\n".join(lines) + "\r\n"


def _by_origin(labels: NDArray[np.uint8], origin: NDArray[np.uint8] | None) -> NDArray[np.int64]:
    """Count voxels by origin and class value, (256, 256)."""
    if origin is None:
        return np.zeros((256, 256), np.int64)
    codes = (origin & SOURCE).astype(np.uint16) << 8 | labels
    return np.bincount(codes.reshape(-1), minlength=65536).reshape(256, 256)


def _objects(labels: NDArray[np.uint8], value: int) -> int:
    """Count the connected components of a class."""
    mask = labels == value
    if len(mask) == 1:
        count, _ = cv2.connectedComponents(mask[0].view(np.uint8), connectivity=8)
        return int(count) - 1
    from scipy import ndimage

    _, count = ndimage.label(mask, ndimage.generate_binary_structure(3, 3))
    return int(count)


def _number(value: float | None) -> str:
    """Format with six significant digits, without exponent for readable sizes."""
    return "" if value is None else f"{float(f'{value:.6g}'):.15g}"
