"""Recognition of series in a TIFF that only preview another one, or show the slide's label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tifffile import TiffPageSeries

_NAMES = ("thumbnail", "label", "macro", "map", "probability", "label image", "macro image", "overview")
_SLIDES = ("svs", "ndpi", "scn", "bif", "qpi", "philips", "avs")
"""Kinds of series that slide scanners write."""

_REDUCED, _MASK = 1, 4  # bits of NewSubfileType
_ALIKE = 0.8
"""Correlation above which a small page is a copy of the large one."""
_COMPARED = 64 * 2**20
"""Bytes of the largest image that is compared; beyond, equal proportions suffice."""


def is_thumbnail(series: TiffPageSeries, largest: TiffPageSeries) -> bool:
    """Whether a series previews the largest, by its name, its flag, or because it is a small copy of it."""
    (height, width), (tall, wide) = _extent(series), _extent(largest)
    named = series.name.lower() in _NAMES
    if named and (series.kind in _SLIDES or (series.kind == "ome" and 4 * height * width < tall * wide)):
        return True
    if height * width >= tall * wide:
        return False
    page: Any = series.keyframe
    if int(page.subfiletype or 0) & (_REDUCED | _MASK):
        return True
    if series.kind == "ome" or len(series.pages) not in (1, len(largest.pages)) or 2 * width > wide:
        return False
    same = abs(tall * width / wide - height) <= 1.5 and abs(wide * height / tall - width) <= 1.5
    if not same or largest.nbytes > _COMPARED:
        return same
    return _correlation(_grey(series), _grey(largest)) > _ALIKE


def _extent(series: TiffPageSeries) -> tuple[int, int]:
    extents = dict(zip(series.axes, series.shape, strict=True))
    return int(extents["Y"]), int(extents["X"])


def _grey(series: TiffPageSeries) -> NDArray[np.float32]:
    """Return the first page as (Y, X)."""
    page: Any = series.pages[0]
    pixels = np.asarray(page.asarray(), np.float32)
    axes = page.axes
    for axis in axes:
        if axis not in "YX":
            pixels = pixels.mean(axes.index(axis))
            axes = axes.replace(axis, "")
    return pixels


def _correlation(small: NDArray[np.float32], large: NDArray[np.float32]) -> float:
    """Return the correlation of a small page with the large one at its size, averaged or thinned out, whichever is higher."""
    import cv2

    ways = (cv2.INTER_AREA, cv2.INTER_NEAREST)
    return max(_alike(small, np.asarray(cv2.resize(large, small.shape[::-1], interpolation=way))) for way in ways)


def _alike(one: NDArray[Any], other: NDArray[Any]) -> float:
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return float(np.ptp(one) == np.ptp(other))
    return abs(float(np.corrcoef(one.ravel(), other.ravel())[0, 1]))
