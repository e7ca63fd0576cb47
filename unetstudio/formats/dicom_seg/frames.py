"""The frames of a segmentation: which segment each shows, and where it lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unetstudio.errors import FormatError
from unetstudio.formats.dicom.frame_plane import FramePlane, planes_of
from unetstudio.formats.dicom_seg.pixels import is_compressed
from unetstudio.formats.voxel_files.memory_check import require_memory

if TYPE_CHECKING:
    from pydicom import Dataset

LABEL_MAP = 0
"""The segment number of a frame that shows all segments, as a label map."""


@dataclass(frozen=True)
class SegFrame:
    """A frame of one segment, or of all (LABEL_MAP)."""

    segment: int
    plane: FramePlane

    @property
    def is_placed(self) -> bool:
        """Whether the place of the frame in the patient is known."""
        return None not in (self.plane.position, self.plane.orientation, self.plane.pixel)


def frames_of(dataset: Dataset, path: Path) -> list[SegFrame]:
    """Return the frames in the order of the file; raise FormatError when one does not say which segment it shows."""
    count = _count(dataset, path)
    planes = planes_of(dataset, count)
    return [SegFrame(segment, plane) for segment, plane in zip(_segment_numbers(dataset, count, path), planes, strict=True)]


def _count(dataset: Dataset, path: Path) -> int:
    """Return the number of frames, if that many can be in the file."""
    count = int(dataset.get("NumberOfFrames") or 1)
    stored = len(dataset.PixelData)
    bits = int(dataset.Rows) * int(dataset.Columns) * int(dataset.BitsAllocated)
    require_memory(path, bits, path.stat().st_size)  # a frame is unpacked to at least a byte per pixel
    if count < 1 or bits < 1 or (8 * count > stored if is_compressed(dataset) else count * bits > 8 * stored):
        raise FormatError(path, "it is cut short: part of its pixels is missing; copy it again from its origin.")
    return count


def _segment_numbers(dataset: Dataset, count: int, path: Path) -> Sequence[int]:
    if dataset.get("SegmentationType") == "LABELMAP":
        return [LABEL_MAP] * count
    shared = _identified(dataset.get("SharedFunctionalGroupsSequence"), 0)
    groups = dataset.get("PerFrameFunctionalGroupsSequence") or []
    numbers = [_identified(groups, n) or shared for n in range(count)]
    described = sorted(int(item.SegmentNumber) for item in dataset.get("SegmentSequence") or [])
    if None not in numbers:
        return [number for number in numbers if number is not None]
    if len(described) == 1:
        return described * count
    if described and count % len(described) == 0 and dataset.get("DimensionOrganizationType") == "TILED_FULL":
        return [number for number in described for _ in range(count // len(described))]  # all tiles of one segment after another
    raise FormatError(path, "its frames do not say which segment they show; export it again.")


def _identified(groups: Any, n: int) -> int | None:
    """Return the segment number in the nth item of functional groups."""
    if not groups or n >= len(groups):
        return None
    identification = groups[n].get("SegmentIdentificationSequence")
    return int(identification[0].ReferencedSegmentNumber) if identification else None
