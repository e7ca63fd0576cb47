"""Output files of one segmented image, and its voxel counts."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.atomic_file import replace_file
from unetstudio.data.case import Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.prediction import Prediction
from unetstudio.data.scan import Scan
from unetstudio.errors import FormatError
from unetstudio.formats import FORMATS, MaskDocument
from unetstudio.formats.masks.usual import usual_mask
from unetstudio.postprocess.numbered import numbered

MOST_OBJECTS = 2**16 - 1
"""Largest number of objects in a 16-bit PNG."""


def write_mask(path: Path, values: NDArray[np.integer[Any]], scan: Scan, source: Source, classes: ClassTable) -> None:
    """Write class values or object numbers (Z, Y, X): PNG for a picture, NIfTI with the same geometry for what lies in a patient."""
    FORMATS[usual_mask(scan.shape, scan.geometry, scan.kind)].write(path, MaskDocument(values, scan.geometry, classes, source))


def save_probabilities(path: Path, prediction: Prediction) -> None:
    """Write a NumPy archive: `probabilities` (K, Z, Y, X) uint8, 0..255, and the class `values` of its channels. Raise FormatError when it
    cannot be written."""
    archive = io.BytesIO()
    np.savez_compressed(archive, probabilities=prediction.probabilities, values=np.array(prediction.values, np.uint8))
    replace_file(path, archive.getvalue())


def numbered_objects(labels: NDArray[np.uint8], values: tuple[int, ...], image: Path) -> NDArray[np.integer]:
    """Number the objects in the type that files hold; raise FormatError for more than fit into a picture."""
    numbers = numbered(labels, values[1:])
    if numbers.shape[0] > 1:
        return numbers
    if numbers.max(initial=0) > MOST_OBJECTS:
        raise FormatError(image, f"it would hold more than {MOST_OBJECTS:,} objects; clean up small islands first.")
    return numbers.astype(np.uint16)


def voxels_by_class(labels: NDArray[np.uint8], classes: ClassTable) -> dict[str, int]:
    """Count the voxels of each structure by name; the first class, the background, is left out."""
    counts = np.zeros(256, np.int64)
    for plane in labels:  # slice by slice: bincount takes eight bytes a voxel
        counts += np.bincount(plane.reshape(-1), minlength=256)
    return {entry.name: int(counts[entry.value]) for entry in list(classes)[1:]}


def voxel_size(scan: Scan) -> float | None:
    """Return the mm² of a pixel or the mm³ of a voxel; None where the spacing is unknown."""
    if scan.geometry.spacing is None:
        return None
    z, y, x = scan.geometry.spacing
    return z * y * x if scan.is_volume else y * x
