"""The header of a NIfTI file, of version 1 or 2, in one file with its voxels or beside them, packed or not."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from unetstudio.errors import FormatError
from unetstudio.formats.nifti.pair import header_beside, voxels_beside
from unetstudio.formats.voxel_files.packed_file import unpacked

SINGLE, PAIRED = (b"n+1\0", b"n+2\0\r\n\x1a\n"), (b"ni1\0", b"ni2\0\r\n\x1a\n")
_CIFTI = range(3000, 3100)
"""Intent codes of matrices between points of the brain's surface, which are no image."""

_HARMLESS = 50
"""Level of nibabel's checks below which faults of a header are repaired."""

log = logging.getLogger("nibabel.global")
log.setLevel(logging.CRITICAL)  # keep its header repairs out of the user's terminal


@dataclass(frozen=True, eq=False)
class NiftiFile:
    """A parsed header. `shape` is (x, y, z) and up to four further axes; `voxels` the file that holds them from `offset` on."""

    path: Path
    header: Any  # nibabel's, with harmless faults repaired
    stored: Any  # nibabel's, as the file holds it
    voxels: Path
    offset: int
    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def size(self) -> tuple[int, int, int]:
        """The extent of a volume: (x, y, z)."""
        x, y, z, *_ = (*self.shape, 1, 1, 1)
        return (x, y, z)

    @property
    def beyond(self) -> tuple[int, int, int, int]:
        """The lengths of the fourth to seventh axis, 1 for those that the file lacks."""
        a, b, c, d, *_ = (*self.shape[3:], 1, 1, 1, 1)
        return (a, b, c, d)

    @property
    def volume_bytes(self) -> int:
        """The bytes of one volume of numbers or colours."""
        return math.prod(self.size) * self.dtype.itemsize


def is_nifti(head: bytes) -> bool:
    """Whether the first, unpacked bytes of a file are those of a NIfTI header."""
    return head[344:348] in (SINGLE[0], PAIRED[0]) or head[4:12] in (SINGLE[1], PAIRED[1])


def open_nifti(path: Path) -> NiftiFile:
    """Parse a header, named by its own file or by that of its voxels; raise FormatError for one that describes no image."""
    import nibabel

    path = header_beside(path)
    with unpacked(path) as stream:
        head = stream.read(540)
    second = head[4:12] in (SINGLE[1], PAIRED[1])
    kind: Any = nibabel.Nifti2Header if second else nibabel.Nifti1Header
    length = kind.template_dtype.itemsize
    if len(head) < length:
        raise FormatError(path, "it is cut short: part of its header is missing, so it is damaged; copy it again from its origin.")
    stored = kind(head[:length], check=False)
    header = kind(head[:length], check=False)
    header.check_fix(logger=log, error_level=_HARMLESS)
    if int(header["intent_code"]) in _CIFTI:
        raise FormatError(
            path,
            "it is a CIFTI file: values of points on the brain's surface, not an image; open the volume (.nii) that it was made from.",
        )
    shape = tuple(int(n) for n in header.get_data_shape())
    if not shape or min(shape) < 1:
        raise FormatError(path, "its header gives no size of the image, so it is damaged; export it again.")
    paired = (head[4:12] if second else head[344:348]) in PAIRED
    offset = int(header["vox_offset"])
    if not paired:
        offset = max(offset, header.single_vox_offset)
    return NiftiFile(path, header, stored, voxels_beside(path) if paired else path, offset, header.get_data_dtype(), shape)


def slope_and_intercept(file: NiftiFile) -> tuple[float, float]:
    """Return how stored values become real ones: a slope of zero or none means as they are, an intercept that is no number means zero."""
    slope, intercept = float(file.header["scl_slope"]), float(file.header["scl_inter"])
    if math.isinf(slope) or math.isinf(intercept):
        raise FormatError(file.path, "its rescale slope is not a number; it is damaged.")
    if math.isnan(slope) or slope == 0:
        return 1.0, 0.0
    return slope, 0.0 if math.isnan(intercept) else intercept
