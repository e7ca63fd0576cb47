"""TIFF: pictures and volumes of cameras, ImageJ, OME microscopes and slide scanners; masks with ImageJ spacing."""

from __future__ import annotations

import io
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio import RESEARCH_USE
from unetstudio.data.case import Source
from unetstudio.data.geometry import Geometry
from unetstudio.data.scan import Scan
from unetstudio.formats.axes import channels_first, without_time
from unetstudio.formats.format import FORMATS, Format
from unetstudio.formats.mask_content import MaskContent, MaskGrid, content_of
from unetstudio.formats.mask_document import MaskDocument
from unetstudio.formats.memory_check import SMALL, require_memory
from unetstudio.formats.tiff.colour import PhotometricTag, to_shown_colours
from unetstudio.formats.tiff.mask_tags import as_displayed, mask_tags
from unetstudio.formats.tiff.region import read_by_region
from unetstudio.formats.tiff.segments import stored_samples
from unetstudio.formats.tiff.series import bytes_of, first_series, palette_of, require_all_pixels
from unetstudio.formats.tiff.spacing import spacing_of
from unetstudio.formats.voxels import looked_up, tidy, tidy_mask

_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_MASK_ROWS = 64
logging.getLogger("tifffile").addHandler(logging.NullHandler())  # keep its notes on odd files out of the user's terminal


class Tiff(Format):
    """TIFF files: the first series at full resolution. The orientation tag is ignored, as microscopy programs do."""

    title = "TIFF"
    suffixes = (".tif", ".tiff", ".svs", ".btf", ".tf8")
    volumes = True
    writes = True

    def recognises(self, head: bytes) -> bool:
        """Look for byte order and version, of classic TIFF and BigTIFF."""
        return head.startswith(_MAGIC)

    def read(self, source: Source) -> Scan:
        """Read (C, Z, Y, X); several pages of one size are slices."""
        voxels, photometric, table, geometry = self._decoded(source.path)
        if table is not None:
            z, y, x = voxels.shape[1:]
            voxels = looked_up(voxels[0], table).reshape(-1, z, y, x)
        voxels = to_shown_colours(voxels, photometric)
        kind = "TIFF volume" if voxels.shape[1] > 1 else self.title
        inverted = photometric == PhotometricTag.MIN_IS_WHITE
        return Scan(tidy(voxels, source.path), geometry, kind=kind, inverted=inverted)

    def read_by_region(self, source: Source, large: int) -> Scan | None:
        """Leave the voxels in the file; uncompressed files are read in any parts, others in whole strips or tiles."""
        return read_by_region(source.path, large)

    def read_values(self, path: Path) -> tuple[NDArray[Any], Geometry]:
        """Read palette indices, or the greys of a grey palette."""
        voxels, photometric, table, geometry = self._decoded(path)
        if table is not None:
            greys = looked_up(voxels[0], table)
            return (greys if len(greys) == 1 else voxels), geometry
        return tidy_mask(to_shown_colours(voxels, photometric), path), geometry

    def read_mask(self, path: Path, grid: MaskGrid | None) -> MaskContent:
        """Read class values with the colours of a palette; where 0 is stored for white, the structure is what ImageJ or a viewer means."""
        del grid
        tags = mask_tags(path)
        values, geometry = self.read_values(path)
        values, notes = as_displayed(values, tags, path.name)
        return replace(content_of(values, geometry, path, palette=tags.palette), notes=notes)

    def encode(self, document: MaskDocument) -> bytes:
        """Encode 8-bit deflated pages, one per slice, with ImageJ's spacing."""
        import tifffile

        z, y, x = document.geometry.spacing_or_one
        has_spacing = document.geometry.spacing is not None
        description = {"axes": "ZYX", "spacing": z, "unit": "mm"} if has_spacing else {"axes": "ZYX"}
        file = io.BytesIO()
        tifffile.imwrite(
            file,
            document.labels,
            imagej=True,
            photometric="minisblack",
            compression="zlib",
            compressionargs={"level": 6},
            rowsperstrip=_MASK_ROWS,
            resolution=(1 / x, 1 / y) if has_spacing else None,
            metadata={**description, "Info": RESEARCH_USE},
        )
        return file.getvalue()

    def _decoded(self, path: Path) -> tuple[NDArray[Any], int, NDArray[np.uint8] | None, Geometry]:
        """Return stored samples (C, Z, Y, X), photometric interpretation, palette (N, 3) if there is one, and geometry."""
        import tifffile

        with tifffile.TiffFile(path) as tif:
            series = first_series(tif, path)
            if bytes_of(series) > SMALL:
                by_region = stored_samples(series, path) is not None
                require_memory(path, bytes_of(series), path.stat().st_size, by_region=by_region)
            require_all_pixels(series, path)
            samples = channels_first(*without_time(np.asarray(series.asarray(maxworkers=1)), series.axes))
            geometry = spacing_of(tif, series, volume=samples.shape[1] > 1)
            return samples, int(series.keyframe.photometric), palette_of(series), geometry


FORMATS.register("tiff")(Tiff())
