"""TIFF files too large for memory, read as scans whose voxels stay in the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.scan import Scan, pieces
from unetstudio.formats.axes import axis_roles
from unetstudio.formats.lazy_voxels import LazyVoxels, tidy_lazily
from unetstudio.formats.memory_check import require_plausible_size
from unetstudio.formats.tiff.colour import PhotometricTag, is_alpha, to_shown_colours
from unetstudio.formats.tiff.segments import stored_samples
from unetstudio.formats.tiff.series import bytes_of, first_series, palette_of, require_all_pixels
from unetstudio.formats.tiff.spacing import spacing_of
from unetstudio.formats.voxels import looked_up


def read_by_region(path: Path, large: int) -> Scan | None:
    """Return the scan as if read whole; None up to `large` bytes, or where the file cannot be read in parts."""
    import tifffile

    with tifffile.TiffFile(path) as tif:
        series = first_series(tif, path)
        if bytes_of(series) <= large:
            return None
        require_plausible_size(path, bytes_of(series), path.stat().st_size)
        require_all_pixels(series, path)
        stored = stored_samples(series, path)
        if stored is None:
            return None
        axes, photometric, table = axis_roles(series.axes, series.shape), int(series.keyframe.photometric), palette_of(series)
        volume = dict(zip(axes, series.shape, strict=True)).get("Z", 1) > 1
        geometry = spacing_of(tif, series, volume=volume)
    voxels = tidy_lazily(_shown(LazyVoxels(path, "TIFF", stored, axes), photometric, table))
    inverted = photometric == PhotometricTag.MIN_IS_WHITE
    return Scan(voxels, geometry, kind="TIFF volume" if volume else "TIFF", inverted=inverted)


def _shown(stored: LazyVoxels, photometric: int, table: NDArray[np.uint8] | None) -> LazyVoxels:
    """Convert colours as `to_shown_colours` does, deciding on the whole image and not on each part."""
    if table is not None:
        return stored.map(lambda part: looked_up(part[0], table))
    rgba = photometric == PhotometricTag.RGB and stored.shape[0] == 4
    grey = photometric in (PhotometricTag.MIN_IS_BLACK, PhotometricTag.MIN_IS_WHITE) and stored.shape[0] == 2 and stored.dtype == np.uint8
    if rgba or (grey and all(is_alpha(part[1]) for part in pieces(stored))):
        alone = _alpha_alone(stored)
        return stored.map(lambda part: part[-1:] if alone else part[:-1])
    return stored if grey else stored.map(lambda part: to_shown_colours(part, photometric))


def _alpha_alone(stored: LazyVoxels) -> bool:
    """Whether the colours are constant, and the alpha carries the picture."""
    first, varies = stored[:, :1, :1, :1], False
    for part in pieces(stored):
        if (part[:-1] != first[:-1]).any():
            return False
        varies = varies or bool((part[-1:] != first[-1:]).any())
    return varies
