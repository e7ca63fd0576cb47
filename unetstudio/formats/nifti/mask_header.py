"""The header of a mask as NIfTI: slope 1, and the scan's own place in the patient, by both of its forms."""

from __future__ import annotations

from typing import Any

import numpy as np

from unetstudio import RESEARCH_USE
from unetstudio.data.case import Source
from unetstudio.data.geometry import Geometry
from unetstudio.data.region import Index
from unetstudio.formats.nifti.geometry import set_geometry
from unetstudio.formats.nifti.scan_header import stored_header

DATA_OFFSET = 352
"""Bytes before the voxels of a written mask."""

_PLACE = (
    *("xyzt_units", "qform_code", "sform_code", "quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y", "qoffset_z"),
    *("srow_x", "srow_y", "srow_z"),
)
"""Fields of a header that, with the first four of pixdim, place the voxels in the patient."""


def mask_header(shape: Index, geometry: Geometry, source: Source | None = None, dtype: np.dtype[Any] | None = None) -> bytes:
    """Return the bytes before the voxels of an uncompressed mask of `shape` (Z, Y, X), 8-bit unless `dtype` is another.

    Where `source` is a NIfTI file of the same grid, its forms, codes and units are copied: programs differ in which form they follow.
    """
    import nibabel

    z, y, x = shape
    header = nibabel.Nifti1Header(endianness="<")
    header.set_data_dtype(np.uint8 if dtype is None else dtype)
    scan = stored_header(source, shape, geometry)
    flat = scan is not None and int(scan["dim"][0]) == 2 and z == 1
    header.set_data_shape((x, y) if flat else (x, y, z))
    if scan is None:
        set_geometry(header, geometry)
    else:
        header["pixdim"][:4] = scan["pixdim"][:4]
        for field in _PLACE:
            header[field] = scan[field]
    header["scl_slope"], header["scl_inter"] = 1, 0
    header["descrip"] = RESEARCH_USE.encode()
    header["magic"], header["vox_offset"] = b"n+1", DATA_OFFSET
    return bytes(header.binaryblock).ljust(DATA_OFFSET, b"\0")
