"""The slices of DICOM files, as far as their headers tell: where each lies and what tells it from others at the same place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from unetstudio.formats.dicom.distinctions import FILE_TAGS, MOMENTS, values_of, values_of_frames
from unetstudio.formats.dicom.frame_plane import FramePlane, planes_of
from unetstudio.formats.dicom.header import number, parse, text, value
from unetstudio.formats.dicom.tiles import is_tiled
from unetstudio.formats.voxel_files.memory_check import SMALL

if TYPE_CHECKING:
    from pydicom import Dataset

_PART_TAGS = (
    "EchoTime", "EchoNumbers", "TemporalPositionIdentifier", "DiffusionBValue", "TriggerTime", "ImageType", "AcquisitionNumber",
    "AcquisitionTime",
)  # fmt: skip
"""The elements that name a part in projects of all versions; never change them."""

_TAGS = sorted({
    "SOPClassUID", "SeriesInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID", "PatientID", "SeriesNumber", "InstanceNumber",
    "Modality", "Rows", "Columns", "SamplesPerPixel", "NumberOfFrames", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing",
    "ImagerPixelSpacing", "SpacingBetweenSlices", "SharedFunctionalGroupsSequence", "TotalPixelMatrixRows", "TotalPixelMatrixColumns",
    *_PART_TAGS, *FILE_TAGS,
})  # fmt: skip

_REMEMBERED = 2**15
"""Number of headers that are kept in memory."""


@dataclass(frozen=True)
class Slice:
    """One slice: a file, or a frame of one. The identifiers are compared and never leave this package."""

    path: Path
    plane: FramePlane
    shape: tuple[int, int, int]
    values: tuple[str, ...]
    moments: tuple[str, ...] = ()
    frame: int = 0
    frames: int = 1
    series: str = ""
    alone: bool = False  # whether it can be no slice of a series
    owner: tuple[str, str] = ("", "")  # patient, frame of reference
    study: str = ""
    modality: str = ""
    number: int = 0
    instance: int = 0
    stated: tuple[str, ...] = ()  # the values of _PART_TAGS


@dataclass(frozen=True)
class Headers:
    """The slices among files, and the damaged images among them; files without an image (reports, plans) are in neither."""

    slices: list[Slice] = field(default_factory=list)
    damaged: list[Path] = field(default_factory=list)


def read_headers(files: Iterable[Path]) -> Headers:
    """Read the headers of DICOM files; a file of several frames is one slice here."""
    headers = Headers()
    for path in files:
        try:
            stat = path.stat()
            one = _slice(path, stat.st_size, stat.st_mtime_ns)
        except Exception:  # noqa: BLE001  (pydicom raises many kinds on damaged files)
            headers.damaged.append(path)
            continue
        if one is not None:
            headers.slices.append(one)
    return headers


def frames_of_file(path: Path, dataset: Dataset | None = None) -> list[Slice]:
    """Return the frames of a file as slices; [] for a file of one frame, a slide, or frames without positions of their own."""
    dataset = parse(path, defer=SMALL // 256) if dataset is None else dataset
    frames = int(number(dataset, "NumberOfFrames"))
    if frames < 2 or is_tiled(dataset):
        return []
    planes = planes_of(dataset, frames)
    if any(plane.position is None or plane.orientation is None for plane in planes):
        return []
    rows, columns, samples = _shape(dataset)
    values = values_of_frames(dataset, frames)
    return [Slice(path, plane, (rows, columns, samples), values[n], frame=n, frames=frames, instance=n) for n, plane in enumerate(planes)]


@lru_cache(_REMEMBERED)
def _slice(path: Path, size: int, changed: int) -> Slice | None:
    """Read the header of a file of this size and time of change; None when it is no image. Raise an error when it is a damaged one."""
    del size, changed  # by which a file is known again: a folder is looked into for each of its volumes
    header = parse(path, _TAGS, SMALL)
    rows, columns, samples = _shape(header)
    if not rows or not columns:
        kind = _class_name(header)
        if not kind or "Image Storage" in kind:
            raise ValueError("an image without a size")
        return None
    plane = planes_of(header, 1)[0]
    frames = int(number(header, "NumberOfFrames"))
    return Slice(
        path,
        plane,
        (rows, columns, samples),
        values_of(header),
        tuple(text(header, keyword) for keyword in MOMENTS),
        frames=max(frames, 1),
        series=text(header, "SeriesInstanceUID"),
        alone=frames > 1 or plane.position is None or plane.orientation is None or "SeriesInstanceUID" not in header,
        owner=(text(header, "PatientID"), text(header, "FrameOfReferenceUID")),
        study=text(header, "StudyInstanceUID"),
        modality=text(header, "Modality"),
        number=int(number(header, "SeriesNumber")),
        instance=int(number(header, "InstanceNumber")),
        stated=tuple(text(header, keyword) for keyword in _PART_TAGS),
    )


def _shape(header: Dataset) -> tuple[int, int, int]:
    rows, columns, samples = (int(number(header, keyword)) for keyword in ("Rows", "Columns", "SamplesPerPixel"))
    return rows, columns, max(samples, 1)


def _class_name(header: Dataset) -> str:
    """Return the name of what the file holds, such as CT Image Storage; empty when it does not say."""
    uid = value(header, "SOPClassUID") or value(getattr(header, "file_meta", header), "MediaStorageSOPClassUID")
    return str(getattr(uid, "name", ""))


def common(columns: Sequence[tuple[str, ...]]) -> list[str]:
    """Return the values that all share, position by position; empty where they differ."""
    return [values[0] if len(set(values)) == 1 else "" for values in zip(*columns, strict=True)]
