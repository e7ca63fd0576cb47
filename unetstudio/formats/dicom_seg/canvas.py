"""The label map into which the frames of a segmentation are painted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.region import Index
from unetstudio.formats.voxel_files.memory_check import require_memory


class Canvas:
    """A label map (Z, Y, X) of segment numbers; where segments overlap the one with the greater number stays on top.

    `outside` counts the voxels that lay beyond it, `overlapping` those of several segments.
    """

    def __init__(self, shape: Index, highest: int, path: Path) -> None:
        kind = np.dtype(np.uint8 if highest < 256 else np.uint16)
        require_memory(path, int(np.prod(shape, dtype=object)) * kind.itemsize, path.stat().st_size)
        self.values: NDArray[np.integer[Any]] = np.zeros(shape, kind)
        self.outside = 0
        self._overlap: NDArray[np.bool_] | None = None

    @property
    def overlapping(self) -> int:
        """Number of voxels in more than one segment."""
        return 0 if self._overlap is None else int(np.count_nonzero(self._overlap))

    def paint(self, numbers: NDArray[np.integer[Any]], start: NDArray[np.int64], axes: NDArray[np.int64]) -> None:
        """Paint segment numbers (Y, X) of a frame, 0 for none: `start` is the voxel of its first pixel, `axes` (3, 2) the steps to the
        next row and column."""
        rows, columns = np.nonzero(numbers)
        if not len(rows):
            return
        index = start[:, None] + axes[:, :1] * rows + axes[:, 1:] * columns  # (3, n)
        inside = ((index >= 0) & (index < np.array(self.values.shape)[:, None])).all(axis=0)
        self.outside += int(np.count_nonzero(~inside))
        z, y, x = index[:, inside]
        new = numbers[rows[inside], columns[inside]].astype(self.values.dtype)
        old = self.values[z, y, x]
        doubly = (old != 0) & (old != new)
        if doubly.any():
            if self._overlap is None:
                self._overlap = np.zeros(self.values.shape, bool)
            self._overlap[z[doubly], y[doubly], x[doubly]] = True
        self.values[z, y, x] = np.maximum(old, new)
