"""Outlines of a mask along the edges of its pixels, outer ones and those of holes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_FINE = 3
"""Steps per pixel; with three, the outermost step of each pixel says on which side its edge is."""


def outlines(mask: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """Return the closed outlines of (Y, X) as corners (N, 2), rows and columns, that lie at half pixels.

    A pixel is in the mask when its centre is inside an odd number of them; no centre lies on one.
    """
    import cv2

    rows, columns = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
    if not len(rows):
        return []
    part = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.uint8)
    fine = np.pad(part.repeat(_FINE, axis=0).repeat(_FINE, axis=1), 1)  # the library leaves out what touches the border
    traced, _ = cv2.findContours(fine, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    origin = np.array([rows[0], columns[0]])
    return [_at_edges(contour.reshape(-1, 2)[:, ::-1].astype(np.int64) - 1) + origin for contour in traced]


def _at_edges(fine: NDArray[np.int64]) -> NDArray[np.float64]:
    """Move corners from the outermost fine steps to the edges of their pixels, and leave out repeated ones."""
    pixel, step = np.divmod(fine, _FINE)
    corners: NDArray[np.float64] = pixel + (step - 1) * 0.5
    different = (corners != np.roll(corners, 1, axis=0)).any(axis=1)
    edges: NDArray[np.float64] = corners[different]
    return edges
