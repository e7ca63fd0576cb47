"""Conversion of the colour models of TIFF samples into red, green and blue."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.formats.voxels import without_alpha


class PhotometricTag(IntEnum):
    """Values of the TIFF tag 262, PhotometricInterpretation, that are handled here."""

    MIN_IS_WHITE = 0
    MIN_IS_BLACK = 1
    RGB = 2
    PALETTE = 3
    SEPARATED = 5  # cyan, magenta, yellow, black
    YCBCR = 6
    CIELAB = 8


def to_shown_colours(voxels: NDArray[Any], photometric: int) -> NDArray[Any]:
    """Convert (C, Z, Y, X) to grey, RGB or plain channels, dropping alpha."""
    channels = len(voxels)
    if photometric == PhotometricTag.RGB and channels == 4:
        return without_alpha(voxels)
    if photometric in (PhotometricTag.MIN_IS_BLACK, PhotometricTag.MIN_IS_WHITE) and channels == 2 and voxels.dtype == np.uint8:
        return without_alpha(voxels) if is_alpha(voxels[1]) else voxels
    if photometric == PhotometricTag.SEPARATED and channels >= 4 and voxels.dtype.kind == "u":
        return _from_cmyk(voxels[:4])
    if photometric == PhotometricTag.CIELAB and channels == 3 and voxels.dtype == np.uint8:
        return _from_lab(voxels)
    return voxels


def is_alpha(plane: NDArray[Any]) -> bool:
    """Whether a second grey sample is everywhere opaque or transparent, which no microscope channel is."""
    return bool(np.isin(plane, (0, 255)).all())


def _from_cmyk(voxels: NDArray[Any]) -> NDArray[np.uint8]:
    top = float(np.iinfo(voxels.dtype).max)
    ink = voxels.astype(np.float32) / top
    return np.rint(255 * (1 - ink[:3]) * (1 - ink[3:4])).astype(np.uint8)


def _from_lab(voxels: NDArray[Any]) -> NDArray[np.uint8]:
    """Convert L in 0..255 for 0..100, a and b as signed bytes (TIFF 6.0, section 23)."""
    from skimage.color import lab2rgb

    light = voxels[0].astype(np.float32) * (100 / 255)
    a, b = (plane.view(np.int8).astype(np.float32) for plane in voxels[1:])
    colours = lab2rgb(np.stack([light, a, b], axis=-1))
    return np.moveaxis(np.rint(colours * 255).astype(np.uint8), -1, 0)
