"""The frames of a segmentation: which segment each shows, where it lies, and its stored values."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.errors import FormatError
from unetstudio.formats.dicom.frame_plane import FramePlane, planes_of

if TYPE_CHECKING:
    from pydicom import Dataset

_DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
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


def stored_values(dataset: Dataset, path: Path) -> Iterator[NDArray[Any]]:
    """Yield the stored values (Y, X) of one frame after another; raise FormatError when the compression is unknown."""
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax == _DEFLATED_FRAMES:
        yield from _inflated(dataset)
        return
    if int(dataset.BitsAllocated) == 1 and not syntax.is_compressed:
        yield from _unpacked(dataset)
        return
    from unetstudio.formats.dicom.codecs import decoder_for

    try:
        decoder, plugin = decoder_for(syntax)
    except NotImplementedError:
        raise FormatError(path, f"its compression ({syntax.name}) is not supported; export it uncompressed.") from None
    for values, _ in decoder.iter_array(dataset, decoding_plugin=plugin):
        yield np.asarray(values).reshape(rows, columns)


def _count(dataset: Dataset, path: Path) -> int:
    """Return the number of frames, if that many can be in the file."""
    count = int(dataset.get("NumberOfFrames") or 1)
    stored = len(dataset.PixelData)
    bits = int(dataset.Rows) * int(dataset.Columns) * int(dataset.BitsAllocated)
    syntax = dataset.file_meta.TransferSyntaxUID
    packed = syntax == _DEFLATED_FRAMES or syntax.is_compressed
    if count < 1 or bits < 1 or (8 * count > stored if packed else count * bits > 8 * stored):
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


def _unpacked(dataset: Dataset) -> Iterator[NDArray[Any]]:
    """Unpack frames of one bit per pixel, which follow one another without a gap, not even to the next byte."""
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    packed, bits = np.frombuffer(dataset.PixelData, np.uint8), rows * columns
    for n in range(int(dataset.get("NumberOfFrames") or 1)):
        first, last = n * bits // 8, -(-(n + 1) * bits // 8)
        offset = n * bits - 8 * first
        yield np.unpackbits(packed[first:last], bitorder="little")[offset : offset + bits].reshape(rows, columns)


def _inflated(dataset: Dataset) -> Iterator[NDArray[Any]]:
    """Decompress frames that are deflated one by one."""
    from pydicom.encaps import generate_frames

    rows, columns, bits = int(dataset.Rows), int(dataset.Columns), int(dataset.BitsAllocated)
    for packed in generate_frames(dataset.PixelData, number_of_frames=int(dataset.get("NumberOfFrames") or 1)):
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        plain = np.frombuffer(inflate.decompress(packed, rows * columns * bits // 8 + 8), np.uint8)
        if bits == 1:
            values: NDArray[Any] = np.unpackbits(plain, bitorder="little")
        else:
            values = plain[: len(plain) // (bits // 8) * (bits // 8)].view(f"<u{bits // 8}")
        yield values[: rows * columns].reshape(rows, columns)
