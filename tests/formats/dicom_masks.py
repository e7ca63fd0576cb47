"""Series of DICOM slices with labels, for the trials of the mask formats that are drawn on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.formats import FORMATS, MaskDocument, MaskGrid, discover, read

Write = Callable[..., Path]
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
OBLIQUE = (0.8, 0.6, 0.0, -0.6, 0.8, 0.0)
DESCENDING = (1.0, 0.0, 0.0, 0.0, -1.0, 0.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
FRAME = "1.3.6.1.4.1.99999.5"
CLASSES = ClassTable.named(["background", "nerve", "vessel"], [(0, 0, 0), (230, 159, 0), (221, 130, 101)])
SHAPE = (5, 7, 9)
TAGS = {"FrameOfReferenceUID": FRAME, "SliceThickness": 3.0, "StudyInstanceUID": "1.2.3.4", "PatientBirthDate": "19370211"}

PLACES = [(AXIAL, 5, 3.0), (OBLIQUE, 5, 3.0), (DESCENDING, 5, 3.0), (SAGITTAL, 5, 3.0), (AXIAL, 5, -3.0), (AXIAL, 1, 3.0)]
"""Orientation, number of slices, and step from file to file."""


def labels(shape: tuple[int, int, int] = SHAPE) -> NDArray[np.uint8]:
    """Make labels of three classes without any order, in which every voxel counts."""
    return np.random.default_rng(3).integers(0, 3, shape).astype(np.uint8)


def series(write_series: Write, folder: Path, *, depth: int = 5, **more: Any) -> tuple[Source, MaskGrid]:
    """Write a series and return it with its grid."""
    phantom = np.arange(depth * 7 * 9, dtype=np.int16).reshape(depth, 7, 9)
    given = more.pop("tags_of", lambda _: {})
    write_series(folder, phantom, tags_of=lambda k: {**TAGS, **given(k)}, **more)
    (source,) = discover([folder])
    scan = read(source)
    return source, MaskGrid(scan.shape, scan.geometry, source)


def tilted_series(write_series: Write, folder: Path) -> tuple[Source, MaskGrid, NDArray[np.uint8]]:
    """Write a series whose slices are shifted by 1.3 rows each, and return the straight grid round it, and labels on that grid."""
    write_series(folder, np.zeros(SHAPE, np.int16), shear=1.3 * 0.8, tags_of=lambda _: TAGS)
    (source,) = discover([folder])
    affine = np.diag([0.0, 0.0, 0.0, 1.0])
    affine[:3, 3] = (-11.0, 20.0, 30.0)
    affine[2, 0], affine[1, 1], affine[0, 2] = 3.0, 0.8, 0.5
    values = np.zeros((5, 13, 9), np.uint8)
    for k in range(5):
        start = int(np.floor(1.3 * k + 0.5))
        values[k, start : start + 7] = labels()[k]
    return source, MaskGrid((5, 13, 9), Geometry.from_affine(affine), source), values


def document(source: Source, grid: MaskGrid, values: NDArray[np.uint8], **more: Any) -> MaskDocument:
    """Make a document of labels on a series."""
    return MaskDocument(values, grid.geometry, CLASSES, source, **more)


def secrets_of(source: Source) -> list[bytes]:
    """Return what the files of a series say of patient, study and themselves."""
    instances = [str(pydicom.dcmread(file).SOPInstanceUID).encode() for file in FORMATS["dicom"].files(source)]
    return [b"Doe", b"CANARY", b"19370211", FRAME.encode(), b"1.2.3.4\0", *instances]
