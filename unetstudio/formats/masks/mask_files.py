"""Reading and writing masks, whole numbers per voxel, in any registered format."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.geometry import Geometry
from unetstudio.data.region import Index
from unetstudio.errors import FormatError
from unetstudio.formats.finding.recognition import format_of
from unetstudio.formats.format import FORMATS
from unetstudio.formats.masks.content import MaskContent, MaskGrid
from unetstudio.formats.masks.document import MaskDocument
from unetstudio.formats.voxel_files.library_errors import translate_errors


def read_content(path: Path, grid: MaskGrid | None = None) -> MaskContent:
    """Read all that a mask file holds; raise FormatError for anything that is no mask."""
    variant = format_of(path)
    return translate_errors(path, variant.title, lambda: variant.read_mask(path, grid))


def read_content_onto(path: Path, grid: MaskGrid) -> MaskContent:
    """Read a mask and reorient it onto the grid of its scan; raise FormatError when its own grid is another one."""
    content = read_content(path, grid)

    def turned(values: NDArray[Any]) -> NDArray[Any]:
        onto = content.geometry.reoriented(values, grid.geometry, grid.shape)
        if onto is not None:
            return onto
        if values.shape == grid.shape:
            raise FormatError(
                path, "it lies elsewhere in the patient than the image, or is of another resolution; resample it onto the image."
            )
        raise FormatError(path, f"the mask is {_size(values.shape)} and the image {_size(grid.shape)}; choose the mask that belongs to it.")

    unknown = None if content.unknown is None else turned(content.unknown)
    return replace(content, values=turned(content.values), unknown=unknown, geometry=grid.geometry)


def read_mask(path: Path) -> tuple[NDArray[np.integer[Any]], Geometry]:
    """Read (Z, Y, X) whole numbers, such as palette indices, as stored, and their geometry; raise FormatError for anything else."""
    content = read_content(path)
    return _numbers(content, path), content.geometry


def read_mask_onto(path: Path, shape: Index, geometry: Geometry) -> NDArray[np.integer[Any]]:
    """Read a mask and reorient it onto a scan of `shape` (Z, Y, X) and `geometry`; raise FormatError when its grid is another one."""
    return _numbers(read_content_onto(path, MaskGrid(shape, geometry)), path)


def write_mask(path: Path, document: MaskDocument) -> None:
    """Save a mask by the path's suffix, whole or not at all; raise FormatError when format, folder or disk refuses."""
    writers = [variant for _, variant in FORMATS.items() if variant.writes]
    endings = [(suffix, variant) for variant in writers for suffix in variant.suffixes if path.name.lower().endswith(suffix)]
    if not endings:
        raise FormatError(
            path, f"masks cannot be saved under this ending; use one of {', '.join(variant.suffixes[0] for variant in writers)}."
        )
    _, writer = max(endings, key=lambda ending: len(ending[0]))
    writer.write(path, document)


def _numbers(content: MaskContent, path: Path) -> NDArray[np.integer[Any]]:
    if content.by_colour:
        raise FormatError(path, "a mask needs one number per pixel, but this one is in colours; export it as class indices.")
    return content.values


def _size(shape: tuple[int, ...]) -> str:
    """Format a size, width first, with the depth only for volumes."""
    z, y, x = shape
    return f"{x} x {y}" if z == 1 else f"{x} x {y} x {z}"
