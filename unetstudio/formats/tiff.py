"""TIFF: pictures and volumes as cameras, ImageJ, OME microscopes and slide scanners write them; masks with ImageJ spacing."""

from __future__ import annotations

import io
import logging
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unetstudio import RESEARCH_USE
from unetstudio.data.case import Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.data.scan import Scan
from unetstudio.errors import FormatError
from unetstudio.formats.format import FORMATS, Format
from unetstudio.formats.room import make_sure_it_fits
from unetstudio.formats.tiff_axes import in_order, without_time
from unetstudio.formats.tiff_colour import Photometric, to_shown_colours
from unetstudio.formats.tiff_spacing import spacing_of
from unetstudio.formats.voxels import looked_up, tidy

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPageSeries

_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_MASK_ROWS = 64
logging.getLogger("tifffile").addHandler(logging.NullHandler())  # else what it notes of odd files lands in the user's terminal


class Tiff(Format):
    """The first series of the file, at its full resolution. The orientation tag is left alone, as microscopy programs leave it."""

    title = "TIFF"
    suffixes = (".tif", ".tiff", ".svs", ".btf", ".tf8")
    volumes = True
    writes = True

    def recognises(self, head: bytes) -> bool:
        """By byte order and version, of classic TIFF and BigTIFF."""
        return head.startswith(_MAGIC)

    def read(self, source: Source) -> Scan:
        """(C, Z, Y, X); several pages of one size are slices."""
        voxels, photometric, table, geometry = self._decoded(source.path)
        if table is not None:
            z, y, x = voxels.shape[1:]
            voxels = looked_up(voxels[0], table).reshape(-1, z, y, x)
        voxels = to_shown_colours(voxels, photometric)
        kind = "TIFF volume" if voxels.shape[1] > 1 else self.title
        inverted = photometric == Photometric.MIN_IS_WHITE
        return Scan(tidy(voxels, source.path), geometry, kind=kind, inverted=inverted)

    def read_values(self, path: Path) -> tuple[NDArray[Any], Geometry]:
        """Palette indices, unless the palette is grey: then its greys."""
        voxels, photometric, table, geometry = self._decoded(path)
        if table is not None:
            greys = looked_up(voxels[0], table)
            return (greys if len(greys) == 1 else voxels), geometry
        return tidy(to_shown_colours(voxels, photometric), path), geometry

    def encode(self, labels: NDArray[np.uint8], geometry: Geometry, classes: ClassTable) -> bytes:
        """8-bit, deflated; slices as pages, spacing in the way ImageJ reads it."""
        import tifffile

        z, y, x = geometry.spacing_or_one
        known = geometry.spacing is not None
        description = {"axes": "ZYX", "spacing": z, "unit": "mm"} if known else {"axes": "ZYX"}
        file = io.BytesIO()
        tifffile.imwrite(
            file,
            labels,
            imagej=True,
            photometric="minisblack",
            compression="zlib",
            compressionargs={"level": 6},
            rowsperstrip=_MASK_ROWS,
            resolution=(1 / x, 1 / y) if known else None,
            metadata={**description, "Info": RESEARCH_USE},
        )
        return file.getvalue()

    def _decoded(self, path: Path) -> tuple[NDArray[Any], int, NDArray[np.uint8] | None, Geometry]:
        """Stored samples (C, Z, Y, X), photometric interpretation, palette (N, 3) if there is one, geometry."""
        import tifffile

        with tifffile.TiffFile(path) as tif:
            series = _first_series(tif, path)
            page = series.keyframe
            samples = in_order(without_time(_pixels(tif, series, path), series.axes))
            geometry = spacing_of(tif, series, volume=samples.shape[1] > 1)
            photometric = int(page.photometric)
            table = None
            if photometric == Photometric.PALETTE and page.colormap is not None:
                table = (np.moveaxis(page.colormap, 0, -1) >> 8).astype(np.uint8)
        return samples, photometric, table, geometry


def _first_series(tif: TiffFile, path: Path) -> TiffPageSeries:
    """The series to show, after making sure that its announced size is possible."""
    if not tif.series:
        raise FormatError(path, "it holds no image; it may be damaged or cut short.")
    series = tif.series[0]
    if "Y" not in series.axes or "X" not in series.axes or 0 in series.shape:
        raise FormatError(path, "it holds no pixels; export it again from the program that made it.")
    make_sure_it_fits(path, series.size * max(1, series.dtype.itemsize), path.stat().st_size)
    return series


def _pixels(tif: TiffFile, series: TiffPageSeries, path: Path) -> NDArray[Any]:
    """The series' samples; a file that ends too early, or lists too few strips, is refused rather than filled with zeros."""
    from tifffile import TiffPage

    end = path.stat().st_size
    for page in series.pages:
        offsets, counts = getattr(page, "dataoffsets", ()), getattr(page, "databytecounts", ())
        ends_early = any(offset + count > end for offset, count in zip(offsets, counts, strict=False))
        if ends_early or (isinstance(page, TiffPage) and len(offsets) < math.prod(page.chunked)):
            raise FormatError(path, "it is cut short: part of its pixels is missing; copy it again from its origin.")
    return np.asarray(series.asarray(maxworkers=1))


FORMATS.register("tiff")(Tiff())
