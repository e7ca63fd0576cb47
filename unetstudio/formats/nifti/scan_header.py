"""The header of the scan that a mask is written for, where that scan is a NIfTI file of the same grid."""

from __future__ import annotations

from typing import Any

import numpy as np

from unetstudio.data.case import Source
from unetstudio.data.geometry import SAME_PLACE, Geometry
from unetstudio.data.region import Index
from unetstudio.errors import FormatError
from unetstudio.formats.nifti.geometry import forms_note, geometry_of
from unetstudio.formats.nifti.header import is_nifti, open_nifti
from unetstudio.formats.nifti.pair import header_beside
from unetstudio.formats.voxel_files.packed_file import first_bytes


def stored_header(source: Source | None, shape: Index, geometry: Geometry) -> Any:
    """Return the header as the scan's file holds it; None when it has none, or lies elsewhere than `geometry`."""
    if source is None or not source.path.is_file():
        return None
    if not is_nifti(first_bytes(header_beside(source.path))):
        return None
    try:
        file = open_nifti(source.path)
    except (OSError, EOFError, ValueError, FormatError):  # the file was replaced by something else
        return None
    if file.size != tuple(reversed(shape)) or not _same(geometry_of(file.header), geometry):
        return None
    return file.stored


def require_one_place(source: Source | None, title: str) -> None:
    """Raise FormatError where the scan's file gives two places, of which a mask of another format could hold only one."""
    if source is not None and has_two_places(source):
        raise FormatError(
            source.path,
            f"its header gives two places in the patient (sform and qform differ), and a file of the kind {title} holds one, so that other "
            "programs may show the mask beside the scan; save it as NIfTI, which carries both.",
        )


def has_two_places(source: Source) -> bool:
    """Whether the scan is a NIfTI file whose sform and qform differ."""
    if not source.path.is_file() or not is_nifti(first_bytes(header_beside(source.path))):
        return False
    try:
        return bool(forms_note(open_nifti(source.path).header))
    except (OSError, EOFError, ValueError, FormatError):
        return False


def _same(one: Geometry, other: Geometry) -> bool:
    """Whether both place voxels alike, to a tenth of a voxel over the first hundred."""
    if (one.affine is None) != (other.affine is None) or (one.spacing is None) != (other.spacing is None):
        return False
    tolerance = SAME_PLACE / 100 * min(one.spacing_or_one)
    matrix, against = one.matrix, other.matrix
    return bool(
        np.abs(matrix[:3, :3] - against[:3, :3]).max() <= tolerance and np.abs(matrix[:3, 3] - against[:3, 3]).max() <= 100 * tolerance
    )
