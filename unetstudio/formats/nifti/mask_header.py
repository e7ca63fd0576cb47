"""Masks as NIfTI images: 8-bit, slope 1, and the same affine in sform and qform."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio import RESEARCH_USE
from unetstudio.data.geometry import Geometry
from unetstudio.data.region import Index
from unetstudio.formats.nifti.geometry import set_geometry

DATA_OFFSET = 352
"""Bytes before the voxels of a written mask."""


def mask_header(shape: Index, geometry: Geometry) -> bytes:
    """Return the bytes before the voxels of an uncompressed mask of `shape` (Z, Y, X)."""
    image = mask_image(np.broadcast_to(np.zeros((), np.uint8), shape), geometry)
    image.update_header()
    head = image.header.copy()
    head.set_data_offset(DATA_OFFSET)
    return bytes(head.binaryblock).ljust(DATA_OFFSET, b"\0")


def mask_image(labels: NDArray[np.integer[Any]], geometry: Geometry) -> Any:
    """Make the NIfTI image of class values (Z, Y, X)."""
    import nibabel

    image = nibabel.Nifti1Image(labels.transpose(2, 1, 0), None)
    image.header.set_slope_inter(1, 0)
    image.header["descrip"] = RESEARCH_USE.encode()
    set_geometry(image, geometry)
    return image
