"""The format that a mask has where the user asks for none: NIfTI for all that lies in a patient, PNG for pictures."""

from __future__ import annotations

from unetstudio.data.geometry import Geometry
from unetstudio.data.region import Index

_VOLUMES = {"NIfTI", "Analyze", "MGH", "MINC"}
"""Kinds of files that hold volumes even when there is one slice and no orientation."""


def usual_mask(shape: Index, geometry: Geometry, kind: str = "") -> str:
    """Return the name of the format: a single slice of known orientation is a volume, whose place PNG would lose."""
    return "nifti" if shape[0] > 1 or geometry.affine is not None or kind in _VOLUMES else "png"
