"""The results of ilastik in HDF5: labels that count from 1, and probabilities of classes."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.errors import FormatError
from unetstudio.formats.masks.content import MaskContent
from unetstudio.formats.voxel_files.memory_check import require_memory

DATASET = "exported_data"
"""Name of the array that ilastik writes."""

_MOST_CLASSES = 254


def result_in(path: Path) -> MaskContent | None:
    """Read an HDF5 file of ilastik as a mask; None for files of other programs, and for images that ilastik only passed on."""
    import h5py
    import hdf5plugin  # noqa: F401  (its compressions are known to h5py once it is imported)

    with h5py.File(path, "r", locking=False) as file:
        dataset = file.get(DATASET)
        tags = dataset.attrs.get("axistags") if isinstance(dataset, h5py.Dataset) else None
        if tags is None or dataset.external or dataset.is_virtual or dataset.dtype.kind not in "iuf":
            return None
        axes = "".join(axis["key"] for axis in json.loads(tags)["axes"])
        if len(axes) != dataset.ndim or not {"x", "y"} <= set(axes) <= set("tzyxc"):
            return None
        require_memory(path, 2 * math.prod(dataset.shape) * dataset.dtype.itemsize, path.stat().st_size)
        array = _ordered(dataset[()], axes, path)
    if len(array) > 1:
        return most_probable(array) if _are_probabilities(array) else None
    return None if array.dtype.kind == "f" else counted_from_one(array[0])


def most_probable(probabilities: NDArray[Any]) -> MaskContent:
    """Return the class of the highest of probabilities (C, Z, Y, X), counted from 0; unknown where there are none."""
    known = np.nan_to_num(probabilities).max(0) > 0
    values = np.argmax(np.nan_to_num(probabilities), axis=0).astype(np.uint8)
    note = f"It holds probabilities of {len(probabilities)} classes; each pixel has the class of the highest one."
    return MaskContent(values, unknown=None if known.all() else ~known, notes=(note,))


def counted_from_one(values: NDArray[np.integer[Any]]) -> MaskContent:
    """Return labels in which 1 is the first class; those with 0 are kept, since 0 may be a background or nothing."""
    if values.min() >= 1:
        return MaskContent(values - 1, notes=("ilastik counts classes from 1; its first is taken for the first class here.",))
    note = "It holds 0, which in ilastik is the background of objects, or no label: 0 is taken for the first class here."
    return MaskContent(values, notes=(note,))


def _ordered(array: NDArray[Any], axes: str, path: Path) -> NDArray[Any]:
    """Arrange an array as (C, Z, Y, X)."""
    if "t" in axes:
        time = axes.index("t")
        if array.shape[time] > 1:
            raise FormatError(path, f"it holds {array.shape[time]} points in time; export one of them from ilastik.")
        array, axes = np.take(array, 0, axis=time), axes.replace("t", "")
    for axis in "zc":
        if axis not in axes:
            array, axes = array[None], axis + axes
    return array.transpose([axes.index(axis) for axis in "czyx"])


def _are_probabilities(array: NDArray[Any]) -> bool:
    """Whether the channels add up to the same everywhere, but for rounding and where nothing is known."""
    sums = array.sum(axis=0, dtype=np.float64)
    whole = 1.0 if array.dtype.kind == "f" else float(sums.max())
    tolerance = 0.01 if array.dtype.kind == "f" else len(array)
    near = np.abs(sums - whole) <= tolerance
    return bool(len(array) <= _MOST_CLASSES and whole > 0 and (near | (sums == 0) | np.isnan(sums)).all())
