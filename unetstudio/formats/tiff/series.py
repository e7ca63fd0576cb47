"""The series of a TIFF that holds the image, its palette, and a check that it is complete."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.errors import FormatError
from unetstudio.formats.tiff.colour import PhotometricTag
from unetstudio.formats.tiff.page_chain import require_all_pages

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPageSeries


def first_series(tif: TiffFile, path: Path) -> TiffPageSeries:
    """Return the series to show; raise FormatError without one, or when a page is missing."""
    require_all_pages(path)
    if not tif.series:
        raise FormatError(path, "it holds no image; it may be damaged or cut short.")
    series = tif.series[0]
    if "Y" not in series.axes or "X" not in series.axes or 0 in series.shape:
        raise FormatError(path, "it holds no pixels; export it again from the program that made it.")
    return series


def bytes_of(series: TiffPageSeries) -> int:
    """Return the bytes of samples that a series claims to hold."""
    return int(series.size) * max(1, series.dtype.itemsize)


def require_all_pixels(series: TiffPageSeries, path: Path) -> None:
    """Raise FormatError for a truncated file or too few strips, which would be filled with zeros."""
    from tifffile import TiffPage

    end = path.stat().st_size
    for page in series.pages:
        offsets, counts = getattr(page, "dataoffsets", ()), getattr(page, "databytecounts", ())
        ends_early = any(offset + count > end for offset, count in zip(offsets, counts, strict=False))
        if ends_early or (isinstance(page, TiffPage) and len(offsets) < math.prod(page.chunked)):
            raise FormatError(path, "it is cut short: part of its pixels is missing; copy it again from its origin.")


def palette_of(series: TiffPageSeries) -> NDArray[np.uint8] | None:
    """Return the palette (N, 3), red, green, blue, if pixels are indices into one; else None."""
    page: Any = series.keyframe
    if int(page.photometric) != PhotometricTag.PALETTE or page.colormap is None:
        return None
    return np.asarray(np.moveaxis(page.colormap, 0, -1) >> 8, np.uint8)
