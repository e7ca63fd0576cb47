"""The values of a mask in a NIfTI file: scaled whole numbers are whole again, and NaN is not annotated."""

from __future__ import annotations

from unetstudio.formats.masks.content import MaskContent, MaskGrid
from unetstudio.formats.masks.label_values import label_content, mask_volume
from unetstudio.formats.nifti.axes import further_axes
from unetstudio.formats.nifti.geometry import geometry_of
from unetstudio.formats.nifti.header import NiftiFile, slope_and_intercept
from unetstudio.formats.nifti.rescaling import whole_numbers
from unetstudio.formats.nifti.stored import stored_volume
from unetstudio.formats.voxel_files.voxels import rescaled


def mask_content(file: NiftiFile, grid: MaskGrid | None) -> MaskContent:
    """Read the values and where they are missing; of several volumes, the one of the scan that `grid` names."""
    axes, geometry = further_axes(file), geometry_of(file.header)
    volume, notes = mask_volume(file.path, axes.volumes, grid)
    stored = stored_volume(file, axes, volume)
    slope, intercept = slope_and_intercept(file)
    if stored.dtype.kind in "iu" and len(stored) == 1 and (slope, intercept) != (1.0, 0.0):
        whole = whole_numbers(stored[0], slope, intercept)
        if whole is not None:
            return MaskContent(whole, geometry, notes=notes)
    if stored.dtype.kind in "iuf":
        stored = rescaled(stored, slope, intercept)
    return label_content(stored, geometry, file.path, notes)
