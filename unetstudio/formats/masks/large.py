"""Masks too large for memory, read region by region and written row by row: tiled BigTIFF for pictures, NIfTI for volumes."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unetstudio import RESEARCH_USE
from unetstudio.atomic_file import replacing
from unetstudio.data.case import Source
from unetstudio.data.geometry import Geometry
from unetstudio.data.region import Index, Region
from unetstudio.formats.masks.usual import MOST_ALONG_AXIS, too_long, usual_mask
from unetstudio.formats.nifti.mask_header import mask_header

Labels = NDArray[np.uint8]
Read = Callable[[Region], Labels]

TILE = 512
"""Edge of a TIFF tile in pixels."""


VOLUME = ".nii.gz"
"""Suffix of masks that are written as NIfTI; every other one means TIFF."""


def ending(shape: Index, geometry: Geometry, kind: str = "") -> str:
    """Return the suffix of the file that `write_large_mask` writes for a mask of this shape (Z, Y, X)."""
    return VOLUME if usual_mask(shape, geometry, kind) == "nifti" else ".tif"


def make_sure_it_can_be_saved(path: Path, shape: Index) -> None:
    """Raise FormatError for a volume that NIfTI cannot hold."""
    if path.name.endswith(VOLUME) and max(shape) > MOST_ALONG_AXIS:
        raise too_long(path, shape)


def write_large_mask(path: Path, shape: Index, read: Read, geometry: Geometry, source: Source | None = None) -> None:
    """Save class values (Z, Y, X), whole or not at all; raise FormatError when the disk refuses.

    A NIfTI mask takes its place from the header of the scan's `source`, where that is NIfTI too.
    """
    with replacing(path) as file:
        if path.name.endswith(VOLUME):
            with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=6, mtime=0, filename="") as packed:
                packed.write(mask_header(shape, geometry, source))
                for z in range(shape[0]):
                    packed.write(read(Region((z, 0, 0), (z + 1, *shape[1:]))).tobytes())
            return
        import tifffile

        _, y, x = geometry.spacing_or_one
        with tifffile.TiffWriter(file, bigtiff=True) as tiff:
            tiff.write(
                _tiles(shape, read),
                shape=shape[1:],
                dtype=np.uint8,
                photometric="minisblack",
                tile=(TILE, TILE),
                compression="zlib",
                compressionargs={"level": 6},
                resolution=(1 / x * 10, 1 / y * 10) if geometry.spacing is not None else None,
                resolutionunit="CENTIMETER" if geometry.spacing is not None else None,
                description=RESEARCH_USE,
                metadata=None,
            )


def _tiles(shape: Index, read: Read) -> Iterator[Labels]:
    """Yield tiles (TILE, TILE), row after row, zero beyond the image."""
    _, rows, columns = shape
    across = -(-columns // TILE) * TILE
    for top in range(0, rows, TILE):
        band = np.zeros((TILE, across), np.uint8)
        values = read(Region((0, top, 0), (1, min(top + TILE, rows), columns)))[0]
        band[: len(values), :columns] = values
        for left in range(0, across, TILE):
            yield np.ascontiguousarray(band[:, left : left + TILE])
