"""Images in ITK's hands, against which the places of voxels are checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK
from formats.nifti_files import turned
from numpy.typing import NDArray

from unetstudio.data.geometry import Geometry

GEOMETRIES = [Geometry.from_nifti(turned(seed, flipped=flipped)) for seed in (1, 2) for flipped in (False, True)]


def itk_image(volume: NDArray[Any], geometry: Geometry, *, vector: bool = False) -> Any:
    """An image of ITK in the place of a geometry."""
    image = SimpleITK.GetImageFromArray(volume, isVector=vector)
    matrix = geometry.matrix[:, [2, 1, 0, 3]]
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetDirection((matrix[:3, :3] / spacing).reshape(-1).tolist())
    image.SetOrigin(matrix[:3, 3].tolist())
    return image


def same_place(geometry: Geometry, path: Path) -> bool:
    """Whether ITK sees the corners of a file where a geometry has them."""
    image = SimpleITK.ReadImage(str(path))
    corners = [(0, 0, 0), (8, 0, 0), (0, 6, 0), (0, 0, 4), (8, 6, 4)]
    ours = [(geometry.matrix @ (z, y, x, 1))[:3] for x, y, z in corners]
    return np.allclose(ours, [image.TransformIndexToPhysicalPoint(corner) for corner in corners], atol=1e-4)
