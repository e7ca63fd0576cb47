"""The changes of post-processing, highlighted by stripes over any overlay."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unetstudio.ui.canvas.colours import Pixels, flat_tint
from unetstudio.ui.canvas.overlays.overlay import OverlayContext
from unetstudio.ui.canvas.view import Box

REMOVED = (255, 64, 200)
HATCH = 8
"""Colour and period in device pixels of the stripes."""


def draw_removed(picture: Pixels, context: OverlayContext) -> Pixels:
    """Return `picture` of the context's box with stripes over the voxels that a step changed."""
    removed = context.predicted.removed
    if removed is None:
        return picture
    hit = context.grid.pixels(context.plane.of(removed)) & _stripes(context.box)
    return flat_tint(REMOVED, 0.85).over(picture, hit.view(np.uint8))


def _stripes(box: Box) -> NDArray[np.bool_]:
    """Return diagonal stripes that stay in place when only part of the screen is composed."""
    rows, columns = np.arange(box.top, box.bottom)[:, None], np.arange(box.left, box.right)[None, :]
    return np.asarray((rows + columns) % HATCH < HATCH // 2)
