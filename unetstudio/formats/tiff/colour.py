"""Conversion of the samples of a TIFF into grey, red, green and blue, or plain channels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.scan import Voxels, pieces
from unetstudio.formats.voxel_files.lazy_voxels import Transform
from unetstudio.formats.voxel_files.voxels import looked_up

if TYPE_CHECKING:
    from tifffile import TiffPageSeries

_ALPHA = (1, 2)  # values of ExtraSamples: associated and unassociated alpha

_RAMP = 0.8
"""Correlation of value and brightness above which a colour table only colours a scale of greys."""


class PhotometricTag(IntEnum):
    """Values of the TIFF tag 262, PhotometricInterpretation, that are handled here."""

    MIN_IS_WHITE = 0
    MIN_IS_BLACK = 1
    RGB = 2
    PALETTE = 3
    SEPARATED = 5  # cyan, magenta, yellow, black
    YCBCR = 6
    CIELAB = 8


@dataclass(frozen=True, eq=False)
class Colours:
    """What a series says about its samples: `samples` per pixel of one channel, which of them is alpha, and the palette (N, 3)."""

    photometric: int
    samples: int = 1
    alpha: int | None = None
    stated: bool = False  # whether the file says what its extra samples are
    table: NDArray[np.uint8] | None = None

    @classmethod
    def of(cls, series: TiffPageSeries) -> Colours:
        """Read the tags of a series. Palettes that only colour the display of a microscope image are left out."""
        page: Any = series.keyframe
        photometric = int(page.photometric)
        samples = dict(zip(series.axes, series.shape, strict=True)).get("S", 1)
        extra = [int(one) for one in page.extrasamples]
        alpha = next((samples - len(extra) + n for n, one in enumerate(extra) if one in _ALPHA), None) if len(extra) < samples else None
        table = None
        if photometric == PhotometricTag.PALETTE and page.colormap is not None and "C" not in series.axes and series.kind != "ome":
            stored = np.asarray(np.moveaxis(page.colormap, 0, -1) >> 8, np.uint8)
            table = None if series.kind == "imagej" and _is_ramp(stored) else stored
        return cls(photometric, samples, alpha, bool(extra), table)


def _is_ramp(table: NDArray[np.uint8]) -> bool:
    """Whether a colour table only colours a scale of greys: it grows brighter with the value."""
    brightness = table.astype(np.float64).sum(axis=1)
    return bool(np.ptp(brightness) > 0 and np.corrcoef(np.arange(len(brightness)), brightness)[0, 1] > _RAMP)


def shown_colours(voxels: Voxels, colours: Colours) -> Transform:
    """Return the conversion of a part of (C, Z, Y, X), as stored, decided on the whole image."""
    table = colours.table
    if table is not None:
        return lambda part: looked_up(part[0], table)
    alpha = _alpha_sample(voxels, colours)
    if alpha is None:
        return lambda part: _converted(part, colours.photometric)
    if voxels.shape[0] == colours.samples and _alpha_alone(voxels, alpha):
        return lambda part: part[alpha : alpha + 1]
    kept = [n for n in range(voxels.shape[0]) if n % colours.samples != alpha]
    return lambda part: _converted(part[kept], colours.photometric)


def _alpha_sample(voxels: Voxels, colours: Colours) -> int | None:
    """Return the sample that is alpha: one that the file calls so, or one of which it says nothing and that looks like alpha."""
    last = colours.samples - 1
    if colours.alpha is not None or voxels.shape[0] != colours.samples:
        return colours.alpha
    if colours.photometric == PhotometricTag.RGB and last == 3:
        if not colours.stated:
            return last
        opaque = np.iinfo(voxels.dtype).max if voxels.dtype.kind in "iu" else 1
        return last if all((part[last] == opaque).all() for part in pieces(voxels)) else None
    grey = colours.photometric in (PhotometricTag.MIN_IS_BLACK, PhotometricTag.MIN_IS_WHITE) and voxels.dtype == np.uint8
    return last if grey and last == 1 and all(_looks_like_alpha(part[last]) for part in pieces(voxels)) else None


def _looks_like_alpha(plane: NDArray[Any]) -> bool:
    """Whether a second grey sample is everywhere opaque or transparent, which no microscope channel is."""
    return bool(np.isin(plane, (0, 255)).all())


def _alpha_alone(voxels: Voxels, alpha: int) -> bool:
    """Whether the colours are constant, and the alpha carries the picture."""
    colours = [n for n in range(voxels.shape[0]) if n != alpha]
    first, varies = voxels[:, :1, :1, :1], False
    for part in pieces(voxels):
        if (part[colours] != first[colours]).any():
            return False
        varies = varies or bool((part[alpha] != first[alpha]).any())
    return varies


def _converted(voxels: NDArray[Any], photometric: int) -> NDArray[Any]:
    if photometric == PhotometricTag.SEPARATED and len(voxels) >= 4 and voxels.dtype.kind == "u":
        return _from_cmyk(voxels[:4])
    if photometric == PhotometricTag.CIELAB and len(voxels) == 3 and voxels.dtype == np.uint8:
        return _from_lab(voxels)
    return voxels


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
