"""The values of a mask in a NIfTI file: scaled whole numbers are whole again, and NaN is not annotated."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.errors import FormatError
from unetstudio.formats.mask_content import MaskContent, MaskGrid
from unetstudio.formats.nifti.axes import chosen_volume, further_axes
from unetstudio.formats.nifti.geometry import geometry_of
from unetstudio.formats.nifti.header import NiftiFile, slope_and_intercept
from unetstudio.formats.nifti.rescaling import whole_numbers
from unetstudio.formats.nifti.stored import stored_volume
from unetstudio.formats.part import places_in
from unetstudio.formats.voxels import class_indices, rescaled


def mask_content(file: NiftiFile, grid: MaskGrid | None) -> MaskContent:
    """Read the values and where they are missing; of several volumes, the one of the scan that `grid` names."""
    axes, part = further_axes(file), ""
    notes: tuple[str, ...] = ()
    if axes.volumes > 1:
        part = grid.source.part if grid is not None and grid.source is not None else ""
        if "t" not in places_in(part):
            raise FormatError(file.path, f"a mask is one volume, but this file holds {axes.volumes}; save the one that is meant.")
        notes = (f"Volume {chosen_volume(file, axes, part) + 1} of {axes.volumes} in {file.path.name} was taken, as that of the image.",)
    stored = stored_volume(file, axes, chosen_volume(file, axes, part))
    slope, intercept = slope_and_intercept(file)
    geometry = geometry_of(file.header)
    if stored.dtype.kind in "iu" and len(stored) == 1 and (slope, intercept) != (1.0, 0.0):
        whole = whole_numbers(stored[0], slope, intercept)
        if whole is not None:
            return MaskContent(whole, geometry, notes=notes)
    if stored.dtype.kind in "iuf":
        stored = rescaled(stored, slope, intercept)
    unknown = _unknown(stored)
    if unknown is not None:
        stored = np.where(np.isnan(stored), 0, stored)
    return MaskContent(class_indices(stored, file.path), geometry, unknown=unknown, notes=notes)


def _unknown(stored: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Return where no channel has a value; None when there is a value everywhere."""
    if stored.dtype.kind != "f":
        return None
    missing: NDArray[np.bool_] = np.isnan(stored).all(axis=0)
    return missing if missing.any() else None
