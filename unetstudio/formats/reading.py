"""Reads scans and masks of any known format; whatever its library raises becomes one clear sentence."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.data.geometry import Geometry
from unetstudio.data.region import Index
from unetstudio.data.scan import Scan
from unetstudio.errors import FormatError
from unetstudio.formats.border import guarded
from unetstudio.formats.discovery import unknown
from unetstudio.formats.format import FORMATS, Format, recognise
from unetstudio.formats.room import SMALL, make_sure_it_fits
from unetstudio.formats.voxels import class_indices

PROCESSES, LABEL_BYTES = 2, 2
"""Window and learner each hold an image that is painted, and two bytes of labels for each of its voxels."""


def read(source: Source | Path) -> Scan:
    """All voxels of a scan at full depth, with geometry and name; FormatError when it is missing, unknown, damaged or too large."""
    source = source if isinstance(source, Source) else Source(source)
    path = source.path
    known = FORMATS["dicom"] if path.is_dir() else _known(path)
    scan = guarded(path, known.title, lambda: known.read(source))
    return replace(scan, name=scan.name or stem(path))


def read_by_region(source: Source | Path, large: int = SMALL) -> Scan:
    """As `read`; but of an image of over `large` bytes the voxels stay in the file, if its format allows, and are read when indexed."""
    source = source if isinstance(source, Source) else Source(source)
    path = source.path
    if path.is_dir():
        return read(source)
    known = _known(path)
    scan = guarded(path, known.title, lambda: known.read_by_region(path, large))
    return read(source) if scan is None else replace(scan, name=scan.name or stem(path))


def read_to_paint(source: Source | Path) -> Scan:
    """As `read`, of an image that is to be painted and learnt from: FormatError where that would not fit into memory."""
    scan = read_by_region(source)
    if not isinstance(scan.voxels, np.ndarray):
        path = source.path if isinstance(source, Source) else source
        needed = PROCESSES * (scan.voxels.nbytes + LABEL_BYTES * math.prod(scan.shape))
        make_sure_it_fits(path, needed, needed, by_region=True)
        return read(source)
    return scan


def read_mask(path: Path) -> tuple[NDArray[np.integer[Any]], Geometry]:
    """(Z, Y, X) whole numbers as the file holds them, palette indices included, and their geometry; FormatError for anything else."""
    known = FORMATS["dicom"] if path.is_dir() else _known(path)

    def values() -> tuple[NDArray[np.integer[Any]], Geometry]:
        voxels, geometry = known.read_values(path)
        return class_indices(voxels, path), geometry

    return guarded(path, known.title, values)


def read_mask_onto(path: Path, shape: Index, geometry: Geometry) -> NDArray[np.integer[Any]]:
    """A mask turned to lie voxel for voxel on a scan of `shape` (Z, Y, X) and `geometry`; FormatError when it is of another grid."""
    values, own = read_mask(path)
    turned = own.bring(values, geometry, shape)
    if turned is not None:
        return turned
    if values.shape == shape:
        raise FormatError(path, "it lies elsewhere in the patient than the image, or is of another resolution; resample it onto the image.")
    raise FormatError(path, f"the mask is {_size(values.shape)} and the image {_size(shape)}; choose the mask that belongs to it.")


def _size(shape: tuple[int, ...]) -> str:
    """Width first, as people say it; the depth only where there is one."""
    z, y, x = shape
    return f"{x} x {y}" if z == 1 else f"{x} x {y} x {z}"


def stem(path: Path) -> str:
    """A file's name without its ending, .nii.gz counting as one; a folder's name."""
    if path.is_dir():
        return path.name
    name = path.name
    ending = next((s for _, found in FORMATS.items() for s in found.suffixes if name.lower().endswith(s) and len(name) > len(s)), "")
    return name[: len(name) - len(ending)]


def _known(path: Path) -> Format:
    found = recognise(path)
    if found is None:
        raise unknown(path)
    return found[1]
