"""Conversion between geometry and the orientation fields of NIfTI headers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.geometry import SAME_PLACE, Geometry

_MILLIMETRES = {1: 1e3, 2: 1.0, 3: 1e-3}  # spatial part of xyzt_units: metre, millimetre, micrometre
_SHEAR = 1e-4
"""Cosine between two axes above which a qform (a pure rotation) cannot represent the affine."""


def geometry_of(header: Any) -> Geometry:
    """Read the sform if there is a valid one, else the qform, else only the spacing."""
    factor = _factor(header)
    for affine in (_form(header, "sform"), _form(header, "qform")):
        if affine is not None:
            return Geometry.from_nifti(np.diag([factor, factor, factor, 1.0]) @ affine)
    return _spacing_only(header, factor)


def forms_note(header: Any) -> tuple[str, ...]:
    """Return a sentence where sform and qform place the scan differently; () where they agree or one is missing."""
    sform, qform = _form(header, "sform"), _form(header, "qform")
    if sform is None or qform is None:
        return ()
    shape = (*(int(n) for n in header.get_data_shape()[:3]), 1, 1)[:3]
    corners = np.array([(*(n - 1 for n in shape), 1), (0, 0, 0, 1)], np.float64)
    apart = np.abs((corners @ (sform - qform).T)[:, :3]).max()
    if apart <= SAME_PLACE * min(np.linalg.norm(sform[:3, :3], axis=0)):
        return ()
    return ("Its header gives two places in the patient (sform and qform differ); the sform is used, and a mask carries both.",)


def set_geometry(header: Any, geometry: Geometry) -> None:
    """Set the same sform and qform with code 1; code 0 if the orientation is unknown, and no unit if the spacing is."""
    if geometry.affine is None:
        z, y, x = geometry.spacing_or_one
        header["pixdim"][1:4] = x, y, z
        header["sform_code"] = header["qform_code"] = 0
        header.set_xyzt_units("mm" if geometry.spacing else "unknown")
        return
    affine = geometry.nifti_affine()
    header.set_sform(affine, code=1)
    header.set_qform(affine, code=0 if _sheared(affine) else 1)
    header.set_xyzt_units("mm")


def _form(header: Any, name: str) -> NDArray[np.float64] | None:
    """Return one of the two affines; None when its code is 0, or it is no affine."""
    if header[f"{name}_code"] <= 0:
        return None
    try:
        affine: NDArray[np.float64] = header.get_sform() if name == "sform" else header.get_qform()
    except ValueError:  # a quaternion of impossible length
        return None
    return affine if np.isfinite(affine).all() and _spans(affine) else None


def _spans(affine: NDArray[np.float64]) -> bool:
    """Whether the three axes of an affine point in different directions, whatever its unit."""
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    return bool((lengths > 0).all() and abs(np.linalg.det(affine[:3, :3] / lengths)) > 1e-6)


def _factor(header: Any) -> float:
    """Return the millimetres of the header's unit of length."""
    return _MILLIMETRES.get(int(header["xyzt_units"]) & 7, 1.0)


def _spacing_only(header: Any, factor: float) -> Geometry:
    x, y, z = (abs(float(n)) * factor for n in (*header.get_zooms()[:3], 1.0, 1.0)[:3])
    default = (x, y, z) == (1.0, 1.0, 1.0) and int(header["xyzt_units"]) & 7 == 0
    if default or not all(np.isfinite(n) and n > 0 for n in (x, y, z)):
        return Geometry()
    return Geometry((z, y, x))


def _sheared(affine: NDArray[np.float64]) -> bool:
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    return bool(np.abs(axes.T @ axes - np.eye(3)).max() > _SHEAR)
