"""Labels as they are stored, made whole numbers: where there is no number (NaN) nothing was annotated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.geometry import Geometry
from unetstudio.errors import FormatError
from unetstudio.formats.masks.content import MaskContent, MaskGrid
from unetstudio.formats.part import places_in
from unetstudio.formats.voxel_files.voxels import class_indices


def label_content(stored: NDArray[Any], geometry: Geometry, path: Path, notes: tuple[str, ...] = ()) -> MaskContent:
    """Make the contents of a mask from (C, Z, Y, X) as stored; raise FormatError for colours and fractions."""
    if stored.dtype.kind not in "iubf":
        raise FormatError(path, "a mask needs one whole number per voxel; this file holds numbers of another kind.")
    if any(not np.array_equal(stored[0], other, equal_nan=stored.dtype.kind == "f") for other in stored[1:]):
        raise FormatError(path, "a mask needs one number per pixel, but this one is in colours; export it as class indices.")
    plane: NDArray[Any] = stored[0]
    if plane.dtype.kind != "f":
        native = plane.astype(np.uint8 if plane.dtype.kind == "b" else plane.dtype.newbyteorder("="), copy=False)
        return MaskContent(native, geometry, notes=notes)
    whole, unknown = class_indices(stored[:1], path)
    return MaskContent(whole, geometry, unknown=unknown, notes=notes)


def mask_volume(path: Path, volumes: int, grid: MaskGrid | None) -> tuple[int, tuple[str, ...]]:
    """Choose the volume that is the mask, and say so: of several, that of the scan that `grid` names; raise FormatError elsewhere."""
    if volumes == 1:
        return 0, ()
    part = grid.source.part if grid is not None and grid.source is not None else ""
    place = places_in(part).get("t", "")
    if not place.isdecimal() or int(place) >= volumes:
        raise FormatError(path, f"a mask is one volume, but this file holds {volumes}; save the one that is meant.")
    return int(place), (f"Volume {int(place) + 1} of {volumes} in {path.name} was taken, as that of the image.",)
