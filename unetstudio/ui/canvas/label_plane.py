"""The slice of the labels on the screen; reduced when zoomed out, so that thin strokes stay visible."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.labels import UNLABELLED
from unetstudio.data.plane import Plane, Rectangle


class LabelPlane:
    """One slice of a label map; reduced, a cell shows the highest class annotated in it, so that no stroke vanishes when zoomed out."""

    def __init__(self, values: NDArray[np.uint8], plane: Plane) -> None:
        self.full = plane.of(values)
        self._factors = (1, 1)
        self._reduced = self.full

    def reduced(self, down: int, across: int) -> NDArray[np.uint8]:
        """Return the plane in cells of `down` x `across` voxels; the newest reduction is kept."""
        if (down, across) == (1, 1):
            return self.full
        if (down, across) != self._factors:
            self._factors, self._reduced = (down, across), reduce_labels(self.full, down, across)
        return self._reduced

    def changed(self, rectangle: Rectangle) -> None:
        """Update the cached reduction where labels changed."""
        down, across = self._factors
        if self._factors == (1, 1):
            return
        top, left = rectangle[0] // down, rectangle[1] // across
        bottom, right = -(-rectangle[2] // down), -(-rectangle[3] // across)
        part = self.full[top * down : bottom * down, left * across : right * across]
        self._reduced[top:bottom, left:right] = reduce_labels(part, down, across)


def reduce_labels(plane: NDArray[np.uint8], down: int, across: int) -> NDArray[np.uint8]:
    """Return the highest annotated value of each cell, (rows / down, columns / across) rounded up; UNLABELLED where there is none."""
    rows, columns = plane.shape
    # One more than the value wraps UNLABELLED to 0, below every class.
    slim = np.zeros((-(-rows // down), columns), np.uint8)
    for k in range(min(down, rows)):
        part = plane[k::down] + np.uint8(1)
        np.maximum(slim[: len(part)], part, out=slim[: len(part)])
    out = np.zeros((slim.shape[0], -(-columns // across)), np.uint8)
    for k in range(min(across, columns)):
        part = slim[:, k::across]
        np.maximum(out[:, : part.shape[1]], part, out=out[:, : part.shape[1]])
    return out + np.uint8(UNLABELLED)
