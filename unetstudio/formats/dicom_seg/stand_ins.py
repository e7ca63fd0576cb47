"""Stand-ins for the slices of the source, with all that the library needs to write a segmentation and nothing of the patient besides."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from unetstudio.errors import FormatError
from unetstudio.formats.dicom.source_planes import SourcePlane, SourceSlices
from unetstudio.formats.dicom.tiles import slide_geometry

if TYPE_CHECKING:
    from pydicom import Dataset

_CT_IMAGE, _SECONDARY_CAPTURE, _SLIDE = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.5.1.4.1.1.77.1.6"
_UID = "1.2.826.0.1.3680043.8.498."
"""Beginning of the identifiers that stand for the slices until the references are written."""

_THINNEST = 1e-3
"""Slice thickness in mm where none is stated, since the value may not be zero."""

_USUAL_ORIENTATION = [0.0, -1.0, 0.0, -1.0, 0.0, 0.0]
"""Directions of rows and columns on a slide whose label is at its left."""


def stand_ins(source: SourceSlices, planes: Sequence[SourcePlane], about: Dataset, path: Path) -> list[Dataset]:
    """Return one stand-in for each plane; `about` holds what may be said of patient and study."""
    if source.is_slide:
        return [_slide(source, about, path)]
    return [_slice(plane, about, n) for n, plane in enumerate(planes)]


def number_of(uid: str) -> int:
    """Return which of the planes an identifier stands for."""
    return int(uid.removeprefix(_UID)) - 1


def _image(about: Dataset, shape: tuple[int, int], n: int) -> Dataset:
    from pydicom import Dataset

    image = Dataset()
    image.update(about)
    image.Modality = "OT"
    image.SOPInstanceUID, image.SeriesInstanceUID = f"{_UID}{n + 1}", f"{_UID}0"
    image.Rows, image.Columns = shape
    return image


def _slice(plane: SourcePlane, about: Dataset, n: int) -> Dataset:
    """Return a slice; a picture without a place has no frame of reference."""
    from pydicom.valuerep import format_number_as_ds

    image, place = _image(about, plane.shape, n), plane.plane
    if place.pixel is not None:
        image.PixelSpacing = [format_number_as_ds(mm) for mm in place.pixel]
        image.SliceThickness = format_number_as_ds(place.thickness or _THINNEST)
    if place.position is None or place.orientation is None or place.pixel is None:
        image.SOPClassUID = _SECONDARY_CAPTURE
        del image.FrameOfReferenceUID
        return image
    image.SOPClassUID = _CT_IMAGE
    image.ImagePositionPatient = [format_number_as_ds(mm) for mm in place.position]
    image.ImageOrientationPatient = [format_number_as_ds(cosine) for cosine in place.orientation]
    return image


def _slide(source: SourceSlices, about: Dataset, path: Path) -> Dataset:
    """Return a slide of as many tiles as the picture needs."""
    from pydicom import Dataset
    from pydicom.valuerep import format_number_as_ds

    header, spacing = source.header, slide_geometry(source.header).spacing
    if spacing is None:
        raise FormatError(path, "the slide does not say how large its pixels are, which a segmentation needs; choose TIFF or GeoJSON.")
    tile, (height, width) = source.planes[0].shape, source.image_shape
    image = _image(about, tile, 0)
    image.SOPClassUID, image.DimensionOrganizationType = _SLIDE, "TILED_FULL"
    image.TotalPixelMatrixRows, image.TotalPixelMatrixColumns = height, width
    image.NumberOfFrames = -(-height // tile[0]) * -(-width // tile[1])
    image.ImageOrientationSlide = list(header.get("ImageOrientationSlide") or _USUAL_ORIENTATION)
    stated, origin, measures, shared = header.get("TotalPixelMatrixOriginSequence"), Dataset(), Dataset(), Dataset()
    for keyword in ("XOffsetInSlideCoordinateSystem", "YOffsetInSlideCoordinateSystem"):
        setattr(origin, keyword, (stated[0].get(keyword) if stated else None) or 0.0)
    measures.PixelSpacing, measures.SliceThickness = [format_number_as_ds(mm) for mm in spacing[1:]], _THINNEST
    shared.PixelMeasuresSequence = [measures]
    image.TotalPixelMatrixOriginSequence, image.SharedFunctionalGroupsSequence = [origin], [shared]
    return image
