"""Reading and writing masks, whole numbers per voxel, in any registered format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.data.region import Index
from unetstudio.errors import FormatError
from unetstudio.formats.format import FORMATS
from unetstudio.formats.library_errors import translate_errors
from unetstudio.formats.recognition import format_of
from unetstudio.formats.voxels import class_indices


def read_mask(path: Path) -> tuple[NDArray[np.integer[Any]], Geometry]:
    """Read (Z, Y, X) whole numbers, such as palette indices, as stored, and their geometry; raise FormatError for anything else."""
    variant = format_of(path)

    def values() -> tuple[NDArray[np.integer[Any]], Geometry]:
        voxels, geometry = variant.read_values(path)
        return class_indices(voxels, path), geometry

    return translate_errors(path, variant.title, values)


def read_mask_onto(path: Path, shape: Index, geometry: Geometry) -> NDArray[np.integer[Any]]:
    """Read a mask and reorient it onto a scan of `shape` (Z, Y, X) and `geometry`; raise FormatError when its grid is another one."""
    values, own = read_mask(path)
    turned = own.reoriented(values, geometry, shape)
    if turned is not None:
        return turned
    if values.shape == shape:
        raise FormatError(path, "it lies elsewhere in the patient than the image, or is of another resolution; resample it onto the image.")
    raise FormatError(path, f"the mask is {_size(values.shape)} and the image {_size(shape)}; choose the mask that belongs to it.")


def write_mask(path: Path, labels: NDArray[np.uint8], geometry: Geometry, classes: ClassTable) -> None:
    """Save class values (Z, Y, X) by the path's suffix, whole or not at all; raise FormatError when format, folder or disk refuses."""
    writers = [variant for _, variant in FORMATS.items() if variant.writes]
    writer = next((variant for variant in writers if path.name.lower().endswith(variant.suffixes)), None)
    if writer is None:
        raise FormatError(
            path, f"masks cannot be saved under this ending; use one of {', '.join(variant.suffixes[0] for variant in writers)}."
        )
    writer.write(path, labels, geometry, classes)


def _size(shape: tuple[int, ...]) -> str:
    """Format a size, width first, with the depth only for volumes."""
    z, y, x = shape
    return f"{x} x {y}" if z == 1 else f"{x} x {y} x {z}"
