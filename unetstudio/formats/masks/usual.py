"""The format that a mask has where the user asks for none: NIfTI for all that lies in a patient, PNG for pictures."""

from __future__ import annotations

from pathlib import Path

from unetstudio.data.geometry import Geometry
from unetstudio.data.region import Index
from unetstudio.errors import FormatError

MOST_ALONG_AXIS = 32_767
"""Largest number of voxels along an axis in NIfTI."""

_VOLUMES = {"NIfTI", "Analyze", "MGH", "MINC"}
"""Kinds of files that hold volumes even when there is one slice and no orientation."""


def usual_mask(shape: Index, geometry: Geometry, kind: str = "") -> str:
    """Return the name of the format: a single slice of known orientation is a volume, whose place PNG would lose."""
    if shape[0] == 1 and max(shape) > MOST_ALONG_AXIS:
        return "png"
    return "nifti" if shape[0] > 1 or geometry.affine is not None or kind in _VOLUMES else "png"


def too_long(path: Path, shape: Index) -> FormatError:
    """Make the error for a mask that NIfTI cannot hold."""
    return FormatError(path, f"NIfTI holds at most {MOST_ALONG_AXIS:,} voxels along an axis and the image has {max(shape):,}; crop it.")
