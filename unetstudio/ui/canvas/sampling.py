"""Sampling of the image for a rectangle of the screen: whole voxels when zoomed in, averages when zoomed out."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from unetstudio.ui.canvas.colours import Pixels
from unetstudio.ui.canvas.image_pyramid import ImagePyramid
from unetstudio.ui.canvas.intensities import coloured, greys
from unetstudio.ui.canvas.view import Box, PixelGrid, View


def sampled(image: ImagePyramid, view: View, box: Box, window: tuple[float, float], inverted: bool) -> Pixels:
    """Return (height, width, 4) blue, green, red, 255 of the pixels of a box, all of which show a voxel."""
    if view.scale >= 1:
        grid = PixelGrid(view, box)
        picked = [np.ascontiguousarray(grid.pick(channel)) for channel in image.level(0, 0)]
        return np.asarray(grid.spread(coloured([greys(channel, *window, inverted) for channel in picked])))
    down, across = (max(0, round(-math.log2(pitch))) for pitch in view.pitch)
    averaged = [_averaged(channel, view, box, down, across) for channel in image.level(down, across)]
    return coloured([greys(channel, *window, inverted) for channel in averaged])


def _averaged(plane: NDArray[Any], view: View, box: Box, down: int, across: int) -> NDArray[Any]:
    """Return the pixels of a box by linear interpolation in a plane halved `down` and `across` times."""
    cell_rows, cell_columns = 2**down, 2**across
    row, column = view.voxel(box.left + 0.5, box.top + 0.5)
    rows, columns = (row + 0.5) / cell_rows - 0.5, (column + 0.5) / cell_columns - 0.5
    step_rows, step_columns = 1 / (view.step[0] * cell_rows), 1 / (view.step[1] * cell_columns)
    height, width = box.bottom - box.top, box.right - box.left
    # Only the visible part is passed on: OpenCV's maps reach no further than 32767 pixels.
    top, bottom = sorted((rows, rows + height * step_rows))
    left, right = sorted((columns, columns + width * step_columns))
    top, left = max(0, math.floor(top) - 1), max(0, math.floor(left) - 1)
    part = plane[top : math.ceil(bottom) + 2, left : math.ceil(right) + 2]
    matrix = np.array([[step_columns, 0, columns - left], [0, step_rows, rows - top]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(part, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE))
