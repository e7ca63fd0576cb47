"""Conversion between geometry and the orientation fields of NIfTI headers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.geometry import Geometry

if TYPE_CHECKING:
    from nibabel import Nifti1Image

_MILLIMETRES = {1: 1e3, 2: 1.0, 3: 1e-3}  # spatial part of xyzt_units: metre, millimetre, micrometre
_SHEAR = 1e-4
"""Cosine between two axes above which a qform (a pure rotation) cannot represent the affine."""


def geometry_of(header: Any) -> Geometry:
    """Read the sform if there is one, else the qform, else only the spacing; unknown when the header is invalid."""
    factor = _MILLIMETRES.get(int(header["xyzt_units"]) & 7, 1.0)
    if header["sform_code"] > 0:
        affine = header.get_sform()
    elif header["qform_code"] > 0:
        affine = header.get_qform()
    else:
        return _spacing_only(header, factor)
    affine = np.diag([factor, factor, factor, 1.0]) @ affine
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-12:
        return _spacing_only(header, factor)
    return Geometry.from_nifti(affine)


def set_geometry(image: Nifti1Image, geometry: Geometry) -> None:
    """Set the same sform and qform with code 1; code 0 if the orientation is unknown, and no unit if the spacing is."""
    header = image.header
    if geometry.affine is None:
        z, y, x = geometry.spacing_or_one
        header.set_zooms((x, y, z))
        header["sform_code"] = header["qform_code"] = 0
        header.set_xyzt_units("mm" if geometry.spacing else "unknown")
        return
    affine = geometry.nifti_affine()
    image.set_sform(affine, code=1)
    image.set_qform(affine, code=0 if _sheared(affine) else 1)
    header.set_xyzt_units("mm")


def _spacing_only(header: Any, factor: float) -> Geometry:
    x, y, z = (abs(float(n)) * factor for n in (*header.get_zooms()[:3], 1.0, 1.0)[:3])
    default = (x, y, z) == (1.0, 1.0, 1.0) and int(header["xyzt_units"]) & 7 == 0
    if default or not all(np.isfinite(n) and n > 0 for n in (x, y, z)):
        return Geometry()
    return Geometry((z, y, x))


def _sheared(affine: NDArray[np.float64]) -> bool:
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    return bool(np.abs(axes.T @ axes - np.eye(3)).max() > _SHEAR)
