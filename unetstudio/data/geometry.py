"""The geometry of a scan: spacing and orientation of its voxels in the patient or on the slide.

The program has one convention: arrays are (Z, Y, X), an index is (k, j, i), positions are millimetres in LPS (x to the patient's Left, y to
Posterior, z to Superior) as in DICOM. Conversions to other conventions are here and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.region import Index

SAME_PLACE = 0.1
"""Distance, as a share of a voxel, below which voxels of two grids coincide."""

Spacing = tuple[float, float, float]
Rows = tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True)
class Geometry:
    """The geometry: `spacing` in mm along (z, y, x), and `affine` from (k, j, i, 1) to LPS mm, each None when unknown.

    With an `affine`, `spacing` is the length of its columns.
    """

    spacing: Spacing | None = None
    affine: Rows | None = None  # four rows of a 4x4 matrix

    @classmethod
    def from_affine(cls, affine: NDArray[np.float64]) -> Geometry:
        """Make a geometry from a 4x4 matrix (k, j, i, 1) -> LPS mm."""
        lengths = np.linalg.norm(affine[:3, :3], axis=0)
        rows = tuple((float(r[0]), float(r[1]), float(r[2]), float(r[3])) for r in affine)
        return cls((float(lengths[0]), float(lengths[1]), float(lengths[2])), rows)

    @property
    def matrix(self) -> NDArray[np.float64]:
        """The 4x4 matrix (k, j, i, 1) -> LPS mm; plain spacing without rotation when the orientation is unknown."""
        if self.affine is not None:
            return np.array(self.affine, np.float64)
        z, y, x = self.spacing_or_one
        matrix = np.zeros((4, 4))
        matrix[0, 2], matrix[1, 1], matrix[2, 0], matrix[3, 3] = x, y, z, 1.0
        return matrix

    @property
    def spacing_or_one(self) -> Spacing:
        """The spacing in mm, or 1 when unknown."""
        return self.spacing or (1.0, 1.0, 1.0)

    def letters(self, axis: int) -> tuple[str, str]:
        """Return the patient directions at the low and high end of an array axis, such as ("R", "L"); empty when unknown."""
        if self.affine is None:
            return ("", "")
        direction = self.matrix[:3, axis]
        towards = int(np.argmax(np.abs(direction)))
        low, high = (("R", "L"), ("A", "P"), ("I", "S"))[towards]
        return (low, high) if direction[towards] > 0 else (high, low)

    def nifti_affine(self) -> NDArray[np.float64]:
        """Return the 4x4 matrix (i, j, k, 1) -> RAS mm of NIfTI files."""
        to_ras = np.diag([-1.0, -1.0, 1.0, 1.0])
        return to_ras @ self.matrix[:, [2, 1, 0, 3]]

    @classmethod
    def from_nifti(cls, affine: NDArray[np.float64]) -> Geometry:
        """Make a geometry from a NIfTI affine (i, j, k, 1) -> RAS mm."""
        to_lps = np.diag([-1.0, -1.0, 1.0, 1.0])
        return cls.from_affine((to_lps @ affine)[:, [2, 1, 0, 3]])

    def reoriented(self, values: NDArray[Any], onto: Geometry, shape: Index) -> NDArray[Any] | None:
        """Swap and flip the axes of `values` (Z, Y, X) to match, voxel for voxel, a scan of `shape` and geometry `onto`.

        Return None when the grids differ by more than that. If one of the orientations is unknown, equal shapes are taken as they are.
        """
        if self.affine is None or onto.affine is None:
            return values if values.shape == shape else None
        mapping = np.linalg.inv(onto.matrix) @ self.matrix  # index in `values` -> index in the scan
        axes = np.rint(mapping[:3, :3])
        if not np.array_equal(np.abs(axes).sum(0), [1, 1, 1]) or not np.array_equal(np.abs(axes).sum(1), [1, 1, 1]):
            return None
        ends = np.array(values.shape) - 1
        corners = np.array(list(product(*((0, end) for end in ends))))
        exact = corners @ mapping[:3, :3].T + mapping[:3, 3]
        rounded = corners @ axes.T + np.rint(mapping[:3, 3])
        whole = np.array_equal(rounded.min(0), [0, 0, 0]) and np.array_equal(rounded.max(0) + 1, shape)
        if not whole or np.abs(exact - rounded).max() > SAME_PLACE:
            return None
        turned = values.transpose([int(np.flatnonzero(row)[0]) for row in axes])
        return turned[tuple(slice(None, None, int(row.sum())) for row in axes)]

    def to_json(self) -> dict[str, Any]:
        """Return plain values for project.json."""
        return {"spacing": self.spacing, "affine": self.affine}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Geometry:
        """Read what `to_json` returned."""
        spacing, affine = values.get("spacing"), values.get("affine")
        rows = None if affine is None else tuple((r[0], r[1], r[2], r[3]) for r in affine)
        return cls(None if spacing is None else (spacing[0], spacing[1], spacing[2]), rows)
