"""TIFF files too large for memory, read as scans whose voxels stay in the file."""

from __future__ import annotations

from unetstudio.data.case import Source
from unetstudio.data.scan import Scan
from unetstudio.formats.tiff.colour import Colours, PhotometricTag, shown_colours
from unetstudio.formats.tiff.images import image_of
from unetstudio.formats.tiff.opening import opened
from unetstudio.formats.tiff.samples import require_all_pixels, samples_in_file
from unetstudio.formats.tiff.spacing import spacing_of
from unetstudio.formats.voxel_files.lazy_voxels import LazyVoxels, tidy_lazily
from unetstudio.formats.voxel_files.memory_check import require_plausible_size


def read_by_region(source: Source, large: int) -> Scan | None:
    """Return the scan as if read whole; None up to `large` bytes, or where the file cannot be read in parts."""
    path = source.path
    with opened(path) as tif:
        image = image_of(tif, path, source.part)
        if image.nbytes <= large:
            return None
        require_plausible_size(path, image.nbytes, tif.filehandle.size)
        require_all_pixels(image, path)
        main = path.with_name(tif.filename)
        stored = samples_in_file(image, main)
        if stored is None:
            return None
        colours, volume = Colours.of(image.series), image.slices > 1
        geometry = spacing_of(tif, image.series, image.number, volume=volume)
    voxels = LazyVoxels(main, "TIFF", stored, image.image.roles)
    shown = tidy_lazily(voxels.map(shown_colours(voxels, colours)))
    inverted = colours.photometric == PhotometricTag.MIN_IS_WHITE
    return Scan(shown, geometry, kind="TIFF volume" if volume else "TIFF", inverted=inverted, notes=image.notes)
