"""The voxels that the pixels of a rectangle of the screen show."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.ui.canvas.view import Box, Indices, View


class PixelGrid:
    """Takes the values of a box's pixels out of a plane, in two steps so that computing happens once for each voxel."""

    def __init__(self, view: View, box: Box) -> None:
        self._rows, self._columns = view.rows(box), view.columns(box)
        self._stretched = tuple(pitch >= 1 for pitch in view.pitch)

    def pick(self, plane: NDArray[Any], down: int = 1, across: int = 1) -> NDArray[Any]:
        """The values shown, once each, of a plane whose cells hold `down` x `across` voxels."""
        rows, columns = self._rows // down, self._columns // across
        (top, bottom), (left, right) = _ends(rows), _ends(columns)
        plane = plane[top : bottom + 1, left : right + 1]
        if not self._stretched[0]:
            plane = np.take(plane, rows - top, axis=0)
        return plane if self._stretched[1] else np.take(plane, columns - left, axis=1)

    def spread(self, values: NDArray[Any]) -> NDArray[Any]:
        """Bring values that `pick` gave, or that were computed from them, to the pixels: each as often as it is seen."""
        for axis, places in ((1, self._columns), (0, self._rows)):
            first, last = _ends(places)
            once = last - first + 1 == len(places) and places[0] == first
            if self._stretched[axis] and not once:
                values = np.take(values, places - first, axis=axis)
        return values

    def pixels(self, plane: NDArray[Any], down: int = 1, across: int = 1) -> NDArray[Any]:
        """The value of each pixel."""
        return self.spread(self.pick(plane, down, across))


def _ends(indices: Indices) -> tuple[int, int]:
    """Smallest and largest of indices that only rise or only fall."""
    first, last = int(indices[0]), int(indices[-1])
    return (first, last) if first <= last else (last, first)
