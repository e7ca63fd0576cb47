"""NIfTI files with any header, written by nibabel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from numpy.typing import NDArray


def turned(seed: int, *, flipped: bool = False) -> NDArray[np.float64]:
    """An oblique affine of 0.5 x 0.8 x 3 mm, right- or left-handed."""
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    if (np.linalg.det(turn) < 0) != flipped:
        turn[:, 0] *= -1
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = turn * (0.5, 0.8, 3.0), (-30, 20, 7 + seed)
    return affine


def nifti_bytes(
    volume: NDArray[Any],
    sform: tuple[NDArray[np.float64], int] | None = None,
    qform: tuple[NDArray[np.float64], int] | None = None,
    **fields: Any,
) -> bytes:
    """The bytes of an unpacked file of `volume` (..., Z, Y, X), whose header has these forms with their codes, and these fields."""
    image = nibabel.Nifti1Image(volume.T, None, dtype=volume.dtype)
    image.update_header()
    image.header.set_zooms((0.5, 0.8, 3.0, *[1.0] * (volume.ndim - 3))[: volume.ndim])
    if qform is not None:
        image.header.set_qform(*qform)
    header = image.header.copy()
    if sform is not None:
        header["srow_x"], header["srow_y"], header["srow_z"] = sform[0][:3]
        header["sform_code"] = sform[1]
    header["vox_offset"], header["magic"], header["scl_slope"], header["scl_inter"] = 352, b"n+1", 1, 0
    for field, value in fields.items():
        header[field] = value
    return bytes(header.binaryblock).ljust(352, b"\0") + np.ascontiguousarray(volume).tobytes()


def written(path: Path, *contents: Any, **fields: Any) -> Path:
    """A file of `nifti_bytes`."""
    path.write_bytes(nifti_bytes(*contents, **fields))
    return path
