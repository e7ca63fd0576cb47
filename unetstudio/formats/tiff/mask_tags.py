"""What the tags of a TIFF say about the values of a mask: the palette, and whether 0 is white."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.formats.tiff.colour import PhotometricTag


@dataclass(frozen=True, eq=False)
class MaskTags:
    """The palette (N, 3) of colours, None where there is none or only greys; whether 0 is stored for white, and by ImageJ."""

    palette: NDArray[np.uint8] | None
    white_is_zero: bool
    by_imagej: bool
    bits: int


def mask_tags(path: Path) -> MaskTags:
    """Read the tags of the largest image of a TIFF."""
    import tifffile

    with tifffile.TiffFile(path) as tif:
        page: Any = max(tif.series, key=lambda series: series.size).keyframe
        palette = None
        if int(page.photometric) == PhotometricTag.PALETTE and page.colormap is not None:
            palette = np.asarray(np.moveaxis(page.colormap, 0, -1) >> 8, np.uint8)
        if palette is not None and (palette == palette[:, :1]).all():
            palette = None
        return MaskTags(palette, int(page.photometric) == PhotometricTag.MIN_IS_WHITE, bool(tif.is_imagej), int(page.bitspersample))


def as_displayed(values: NDArray[Any], tags: MaskTags, name: str) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Return mask values in which the structure is not 0, and a sentence about it where 0 is stored for white.

    Fax-like files of one bit, and others in black and white, mean what they show: white is the structure. ImageJ's inverting table is
    the exception: its binary images store 255 for the structure and only show it black. Class values are never turned round.
    """
    if not tags.white_is_zero:
        return values, ()
    if tags.bits == 1:
        return (values == 0).astype(np.uint8), (f"{name}: 0 is stored for white; white is taken as the structure, as it is shown.",)
    if values.dtype not in (np.uint8, np.uint16) or not np.isin(values, (0, white := np.iinfo(values.dtype).max)).all():
        return values, ()
    if tags.by_imagej:
        return values, (f"{name}: ImageJ shows this mask with an inverting table; the stored {white} is taken as the structure.",)
    return white - values, (f"{name}: 0 is stored for white; white is taken as the structure, as it is shown.",)
