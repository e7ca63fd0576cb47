"""Reads scans and masks of any known format: the border at which whatever a library raises becomes one clear sentence."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.data.geometry import Geometry
from unetstudio.data.region import Index
from unetstudio.data.scan import Scan
from unetstudio.errors import FormatError
from unetstudio.formats.discovery import unknown
from unetstudio.formats.format import FORMATS, Format, recognise
from unetstudio.formats.voxels import class_indices

T = TypeVar("T")


def read(source: Source | Path) -> Scan:
    """All voxels of a scan at full depth, with geometry and name; FormatError when it is missing, unknown, damaged or too large."""
    source = source if isinstance(source, Source) else Source(source)
    path = source.path
    known = FORMATS["dicom"] if path.is_dir() else _known(path)
    scan = _guarded(path, known, lambda: known.read(source))
    return replace(scan, name=scan.name or stem(path))


def read_mask(path: Path) -> tuple[NDArray[np.integer[Any]], Geometry]:
    """(Z, Y, X) whole numbers as the file holds them, palette indices included, and their geometry; FormatError for anything else."""
    known = FORMATS["dicom"] if path.is_dir() else _known(path)

    def values() -> tuple[NDArray[np.integer[Any]], Geometry]:
        voxels, geometry = known.read_values(path)
        return class_indices(voxels, path), geometry

    return _guarded(path, known, values)


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


def _guarded(path: Path, known: Format, read: Callable[[], T]) -> T:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # libraries warn of oddities they cope with
            return read()
    except FormatError:
        raise
    except MemoryError as error:
        raise FormatError(path, "there is not enough memory to open it; close other programs, or crop it.") from error
    except PermissionError as error:
        raise FormatError(path, "you are not allowed to read it; ask for permission or copy it.") from error
    except ImportError as error:
        raise FormatError(
            path, f"the library that reads {known.title} is missing or broken ({error.name}); install the program again."
        ) from error
    except Exception as error:  # decoders raise anything on damaged files; a bug of ours would show in valid ones
        raise FormatError(
            path, f"this {known.title} file is damaged or of an unusual kind, and cannot be read; export it again."
        ) from error
