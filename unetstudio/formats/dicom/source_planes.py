"""The slices of a DICOM source with their identifiers, to which a mask refers and on which it is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.errors import FormatError
from unetstudio.formats.dicom.frame_parts import part_named
from unetstudio.formats.dicom.frame_plane import FramePlane, planes_of
from unetstudio.formats.dicom.header import parse
from unetstudio.formats.dicom.tiles import is_tiled
from unetstudio.formats.finding.recognition import format_of
from unetstudio.formats.format import FORMATS
from unetstudio.formats.voxel_files.memory_check import SMALL

if TYPE_CHECKING:
    from pydicom import Dataset

_GEOMETRY = (
    "SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "Rows", "Columns", "NumberOfFrames", "ImagePositionPatient",
    "ImageOrientationPatient", "PixelSpacing", "ImagerPixelSpacing", "SliceThickness", "SpacingBetweenSlices", "GridFrameOffsetVector",
    "FrameIncrementPointer", "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence", "TotalPixelMatrixRows",
    "TotalPixelMatrixColumns", "ImageOrientationSlide", "TotalPixelMatrixOriginSequence", "ImagedVolumeHeight", "ImagedVolumeWidth",
)  # fmt: skip

IDENTITY = (
    "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyID", "StudyDate",
    "StudyTime", "StudyDescription", "AccessionNumber", "ReferringPhysicianName", "FrameOfReferenceUID",
    "PositionReferenceIndicator",
)  # fmt: skip
"""The elements that a mask takes over from its source, with the user's leave, so that an archive files it with the study."""


@dataclass(frozen=True)
class SourcePlane:
    """A slice of the source: its place, size (Y, X), and identifiers; `frame` counts from 1 in a file of several frames."""

    plane: FramePlane
    shape: tuple[int, int]
    sop_class: str
    instance: str
    frame: int | None = None

    @property
    def is_placed(self) -> bool:
        """Whether position, direction and pixel size are known."""
        return None not in (self.plane.position, self.plane.orientation, self.plane.pixel)


@dataclass(frozen=True)
class SourceSlices:
    """All slices of a DICOM source, in no order, and the `header` of its first file without pixels."""

    header: Dataset
    planes: tuple[SourcePlane, ...]

    @property
    def is_slide(self) -> bool:
        """Whether the source is a slide, whose frames are tiles of one picture."""
        return is_tiled(self.header)

    @property
    def image_shape(self) -> tuple[int, int]:
        """The shape (Y, X) of a slice, or of the picture that a slide's tiles make."""
        if self.is_slide:
            return (int(self.header.TotalPixelMatrixRows), int(self.header.TotalPixelMatrixColumns))
        return self.planes[0].shape


def is_dicom(source: Source) -> bool:
    """Whether a source is a DICOM file or series that can still be found."""
    try:
        return source.path.exists() and format_of(source.path) is FORMATS["dicom"]
    except FormatError:
        return False


def can_be_drawn_on(source: Source, *, without_place: bool) -> bool:
    """Whether a DICOM mask of a source can be written: its slices have a place, or it is one picture and may be `without_place`."""
    if not is_dicom(source) or source.path.is_dir():
        return is_dicom(source)  # slices make a series by their places
    try:
        slices = source_slices(source)
    except Exception:  # noqa: BLE001  (pydicom raises many kinds on damaged files)
        return False
    return all(one.is_placed for one in slices.planes) or (without_place and len(slices.planes) == 1)


def dicom_slices(source: Source | None) -> SourceSlices | None:
    """Return the slices of a source if it is DICOM."""
    return source_slices(source) if source is not None and is_dicom(source) else None


def source_slices(source: Source) -> SourceSlices:
    """Read the headers of all slices of a DICOM source, no other frames of its file; raise FormatError when there is none."""
    headers = [_header(path) for path in FORMATS["dicom"].files(source)]
    planes = [plane for header in headers for plane in _planes(header)]
    if source.part and source.path.is_file() and len(planes) > 1:  # the frames of one of several images in the file
        chosen = part_named(source.path, source.part, parse(source.path, defer=SMALL // 256)).frames
        planes = [planes[n] for n in chosen]
    if not planes:
        raise FormatError(source.path, "no slice of the image can be read; it may have been moved.")
    return SourceSlices(headers[0], tuple(planes))


def frame_axes(plane: FramePlane) -> NDArray[np.float64]:
    """Return (3, 2): mm from row to row and from column to column of a placed slice."""
    orientation, pixel = np.array(plane.orientation, np.float64), np.array(plane.pixel, np.float64)
    return np.stack([orientation[3:] * pixel[0], orientation[:3] * pixel[1]], axis=1)


def _header(path: Path) -> Dataset:
    import pydicom

    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    tags = [*_GEOMETRY, *IDENTITY, "SpecificCharacterSet"]
    return pydicom.dcmread(path, stop_before_pixels=True, specific_tags=tags, force=True, defer_size=SMALL)


def _planes(header: Dataset) -> Sequence[SourcePlane]:
    frames = max(int(header.get("NumberOfFrames") or 1), 1)
    shape = (int(header.get("Rows") or 0), int(header.get("Columns") or 0))
    if is_tiled(header):
        frames = 1
    sop_class, instance = str(header.get("SOPClassUID", "")), str(header.get("SOPInstanceUID", ""))
    planes = planes_of(header, frames)
    return [SourcePlane(plane, shape, sop_class, instance, n + 1 if frames > 1 else None) for n, plane in enumerate(planes)]
