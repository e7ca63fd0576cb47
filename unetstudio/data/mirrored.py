"""Reading of a region that reaches beyond a scan, which is mirrored at its borders."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.region import Region
from unetstudio.data.scan import Voxels


def read_mirrored(voxels: Voxels, region: Region) -> NDArray[Any]:
    """Read (C, Z, Y, X) of `region`, which may reach any distance beyond the scan: mirrored there without repeating the edge voxel."""
    bounds = zip(region.start, region.stop, voxels.shape[1:], strict=True)
    places = [mirror(np.arange(start, stop), size) for start, stop, size in bounds]
    part = voxels[(slice(None), *(slice(int(at.min()), int(at.max()) + 1) for at in places))]  # a single read when they lie in a file
    for axis, at in enumerate(places, start=1):
        if len(at) != part.shape[axis] or at[0] > at[-1]:
            part = np.take(part, at - at.min(), axis=axis)
    return part


def mirror(index: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Fold positions into 0..size-1 by repeated mirroring: ... 2 1 [0 1 2] 1 0 ...; an axis of one voxel repeats it."""
    if size == 1:
        return np.zeros_like(index)
    folded = np.abs(index) % (2 * size - 2)
    inside: NDArray[np.int64] = np.minimum(folded, 2 * size - 2 - folded)
    return inside
