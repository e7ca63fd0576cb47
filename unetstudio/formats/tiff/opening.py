"""Opening of TIFF files, with the other files of an OME image; raw files of cameras, which are TIFF too, are refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unetstudio.errors import FormatError
from unetstudio.formats.tiff.ome import OmeSet, ome_set
from unetstudio.formats.tiff.page_chain import require_all_pages

if TYPE_CHECKING:
    from tifffile import TiffFile

_MOSAIC, _LINEAR_RAW = 32803, 34892  # values of PhotometricInterpretation: a colour filter array, and one interpolated
_DNG_VERSION = 50706
_RAW_ADVICE = "it is a raw camera file; develop it with the camera's program, RawTherapee or darktable, and save a 16-bit TIFF."


@contextmanager
def opened(path: Path) -> Iterator[TiffFile]:
    """Open the TIFF that describes an image; raise FormatError for a raw camera file, or when another file of the image is missing."""
    import tifffile

    require_all_pages(path)
    with _developed(path) as tif:
        whole = _files(tif, path)
        if whole is None or (whole.main == path and whole.xml is None):
            yield tif
            return
    with tifffile.TiffFile(whole.main, omexml=whole.xml) as tif:
        yield tif


def files_of(path: Path) -> OmeSet | None:
    """Return the files of an OME image; None for other TIFFs."""
    with _developed(path) as tif:
        return _files(tif, path)


def _files(tif: TiffFile, path: Path) -> OmeSet | None:
    xml = tif.ome_metadata
    return None if xml is None else ome_set(path, xml)


@contextmanager
def _developed(path: Path) -> Iterator[TiffFile]:
    """Open a TIFF; raise FormatError for a raw camera file, whose first page is a thumbnail, and for the index of a slide in a folder."""
    import tifffile

    with path.open("rb") as file:
        canon = file.read(10)[8:] == b"CR"
    if canon:
        raise FormatError(path, _RAW_ADVICE)
    if path.suffix.lower() == ".vsi" and path.with_name(f"_{path.stem}_").is_dir():
        raise FormatError(path, "it holds only the preview of a slide; convert the slide to OME-TIFF, with QuPath for example.")
    with tifffile.TiffFile(path) as tif:
        page: Any = tif.pages[0] if len(tif.pages) else None
        if page is not None and (_DNG_VERSION in page.tags or _holds_mosaic(page)):
            raise FormatError(path, _RAW_ADVICE)
        yield tif


def _holds_mosaic(page: Any) -> bool:
    inside = [page, *(page.pages or ())] if page.subifds else [page]
    return any(int(getattr(one, "photometric", None) or 0) in (_MOSAIC, _LINEAR_RAW) for one in inside)
