"""TIFF: pictures and volumes of cameras, ImageJ, OME microscopes and slide scanners; masks with ImageJ spacing."""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from unetstudio import RESEARCH_USE
from unetstudio.data.case import Source
from unetstudio.data.geometry import Geometry
from unetstudio.data.scan import Scan
from unetstudio.formats.format import FORMATS, Format
from unetstudio.formats.masks.content import MaskContent, MaskGrid, content_of
from unetstudio.formats.masks.document import MaskDocument
from unetstudio.formats.masks.part_of_scan import mask_part
from unetstudio.formats.part import Part
from unetstudio.formats.tiff.colour import Colours, PhotometricTag, shown_colours
from unetstudio.formats.tiff.images import image_of, parts_of
from unetstudio.formats.tiff.mask_tags import as_displayed, mask_tags
from unetstudio.formats.tiff.opening import files_of, opened
from unetstudio.formats.tiff.region import read_by_region
from unetstudio.formats.tiff.samples import read_samples, require_all_pixels, samples_in_file
from unetstudio.formats.tiff.spacing import spacing_of
from unetstudio.formats.voxel_files.memory_check import SMALL, require_memory
from unetstudio.formats.voxel_files.voxels import is_inverting, tidy, tidy_mask

_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_MASK_ROWS = 64
logging.getLogger("tifffile").addHandler(logging.NullHandler())  # keep its notes on odd files out of the user's terminal


class Tiff(Format):
    """TIFF files: their series at full resolution, thumbnails left out. The orientation tag is ignored, as microscopy programs do."""

    title = "TIFF"
    suffixes = (".tif", ".tiff", ".svs", ".btf", ".tf8")
    volumes = True
    writes = True
    receivers = "ImageJ and Fiji open it as a stack of class numbers with its voxel size; it looks black until its contrast is stretched."

    def recognises(self, head: bytes) -> bool:
        """Look for byte order and version, of classic TIFF and BigTIFF."""
        return head.startswith(_MAGIC)

    def parts(self, path: Path) -> Sequence[Part]:
        """Return the series, times and positions in a file, without thumbnails."""
        with opened(path) as tif:
            return parts_of(tif, path)

    def files(self, source: Source) -> list[Path]:
        """Return every file of an OME image; raise FormatError naming one that is missing."""
        whole = files_of(source.path)
        return [source.path] if whole is None else list(whole.files)

    def read(self, source: Source) -> Scan:
        """Read (C, Z, Y, X); several pages of one size are slices."""
        voxels, colours, geometry, notes = self._decoded(source)
        voxels = shown_colours(voxels, colours)(voxels)
        kind = "TIFF volume" if voxels.shape[1] > 1 else self.title
        inverted = colours.photometric == PhotometricTag.MIN_IS_WHITE
        return Scan(tidy(voxels, source.path), geometry, kind=kind, inverted=inverted, notes=notes)

    def read_by_region(self, source: Source, large: int) -> Scan | None:
        """Leave the voxels in the file; uncompressed files are read in any parts, others in whole strips or tiles."""
        return read_by_region(source, large)

    def read_values(self, path: Path) -> tuple[NDArray[Any], Geometry]:
        """Read palette indices, or the greys of a grey palette that does not merely invert."""
        return self._values(Source(path))

    def _values(self, source: Source) -> tuple[NDArray[Any], Geometry]:
        path = source.path
        voxels, colours, geometry, _ = self._decoded(source)
        shown = shown_colours(voxels, colours)(voxels)
        if colours.table is not None:
            return (shown if len(shown) == 1 and not is_inverting(colours.table) else voxels), geometry
        return tidy_mask(shown, path), geometry

    def read_mask(self, path: Path, grid: MaskGrid | None) -> MaskContent:
        """Read class values with the colours of a palette; where 0 is stored for white, the structure is what ImageJ or a viewer means."""
        key, chosen = mask_part(self.parts(path), path, grid)
        tags = mask_tags(path)
        values, geometry = self._values(Source(path, key))
        values, notes = as_displayed(values, tags, path.name)
        content = content_of(values, geometry, path, palette=tags.palette)
        return replace(content, notes=(*content.notes, *notes, *chosen))

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

    def _decoded(self, source: Source) -> tuple[NDArray[Any], Colours, Geometry, tuple[str, ...]]:
        """Return stored samples (C, Z, Y, X), what they mean, geometry, and notes."""
        path = source.path
        with opened(path) as tif:
            image = image_of(tif, path, source.part)
            if image.nbytes > SMALL:
                by_region = samples_in_file(image, path.with_name(tif.filename)) is not None
                files = {page.parent.filehandle.path for page in image.series.pages if page is not None}
                require_memory(path, image.nbytes, sum(Path(file).stat().st_size for file in files), by_region=by_region)
            require_all_pixels(image, path)
            samples = read_samples(tif, image, path.with_name(tif.filename))
            geometry = spacing_of(tif, image.series, image.number, volume=samples.shape[1] > 1)
            return samples, Colours.of(image.series), geometry, image.notes


FORMATS.register("tiff")(Tiff())
