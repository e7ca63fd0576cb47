"""The stored samples of one image of a TIFF, in memory or left in the file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.errors import FormatError
from unetstudio.formats.tiff.images import TiffImage
from unetstudio.formats.tiff.segments import stored_samples
from unetstudio.formats.voxel_files.axes import Chosen, channels_first
from unetstudio.formats.voxel_files.file_array import FileArray

if TYPE_CHECKING:
    from tifffile import TiffFile


def samples_in_file(image: TiffImage, path: Path) -> FileArray | None:
    """Return the samples as stored, with the axes of the series; None for a file that cannot be read in parts."""
    stored = stored_samples(image.series, path)
    return Chosen(stored, image.image.places) if stored is not None and image.image.places else stored


def read_samples(tif: TiffFile, image: TiffImage, path: Path) -> NDArray[Any]:
    """Read (C, Z, Y, X) as stored; of a file with several images only the pages of this one."""
    roles = image.image.roles
    samples = _read(tif, image, path)
    return channels_first(samples[tuple(0 if role == "-" else slice(None) for role in roles)], roles.replace("-", ""))


def _read(tif: TiffFile, image: TiffImage, path: Path) -> NDArray[Any]:
    """Read an array with the axes of the series, of length 1 where they count images."""
    if image.nbytes == image.series.nbytes:
        return np.asarray(image.series.asarray(maxworkers=1))
    if image.pages is not None:
        return np.asarray(tif.asarray(key=image.pages, series=image.series, maxworkers=1)).reshape(image.shape)
    stored = samples_in_file(image, path)
    if stored is not None:
        return stored[tuple(slice(0, size) for size in stored.shape)]
    whole = image.series.asarray(maxworkers=1)
    return np.asarray(
        whole[tuple(slice(p, p + 1) if (p := image.image.places.get(n)) is not None else slice(None) for n in range(whole.ndim))]
    )


def require_all_pixels(image: TiffImage, path: Path) -> None:
    """Raise FormatError for a truncated file, too few strips, or missing planes, which would be filled with zeros."""
    from tifffile import TiffPage

    numbers: Iterable[int] = image.pages or range(len(image.series.pages))
    for number in numbers:
        page = image.series.pages[number]
        if page is None:
            raise FormatError(path, "a plane that its description lists is not in it; export the image again, or crop it to what is there.")
        offsets, counts = page.dataoffsets, page.databytecounts
        end = page.parent.filehandle.size
        ends_early = any(offset + count > end for offset, count in zip(offsets, counts, strict=False))
        if ends_early or (isinstance(page, TiffPage) and len(offsets) < np.prod(page.chunked)):
            raise FormatError(path, "it is cut short: part of its pixels is missing; copy it again from its origin.")
