"""The files and frames behind the slices of a scan, for masks that go back to them (DICOM SEG, RTSTRUCT)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from unetstudio.data.case import Source
from unetstudio.formats.dicom.frame_offsets import has_offsets
from unetstudio.formats.dicom.frame_parts import part_named
from unetstudio.formats.dicom.frame_plane import FramePlane, planes_of
from unetstudio.formats.dicom.header import number, parse
from unetstudio.formats.dicom.series import find_series
from unetstudio.formats.dicom.stack import Stack, stacked
from unetstudio.formats.voxel_files.memory_check import SMALL


@dataclass(frozen=True)
class SourceSlices:
    """The slices of a scan in order: file and index of the frame in it, and plane.

    With a `tilt` they were straightened: `tilted(labels, tilt)` takes a label map of the scan back to them. A file whose pixels cannot be
    decoded is among them although the scan leaves it out; then there are more of them than the scan, or its tilt, has slices.
    """

    frames: tuple[tuple[Path, int], ...]
    planes: tuple[FramePlane, ...]
    stack: Stack


def slices_of(source: Source) -> SourceSlices:
    """Return the slices behind a DICOM scan, from the headers alone; raise FormatError when they are gone."""
    if source.path.is_dir():
        frames = [(path, 0) for path in find_series(source.path, source.part).files]
        headers = [parse(path, _TAGS, SMALL) for path, _ in frames]
        planes = [planes_of(header, 1)[0] for header in headers]
        header, keep_order = headers[0], False
    else:
        header = parse(source.path, defer=SMALL // 256)
        every = planes_of(header, max(1, int(number(header, "NumberOfFrames"))))
        chosen = part_named(source.path, source.part, header).frames if source.part else tuple(range(len(every)))
        frames = [(source.path, n) for n in chosen]
        planes, keep_order = [every[n] for n in chosen], has_offsets(header)
    stack = stacked(planes, (int(header.Rows), int(header.Columns)), keep_order=keep_order)
    return SourceSlices(tuple(frames[n] for n in stack.order), tuple(planes[n] for n in stack.order), stack)


_TAGS = (
    "Rows", "Columns", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "ImagerPixelSpacing", "SpacingBetweenSlices",
    "SliceThickness",
)  # fmt: skip
