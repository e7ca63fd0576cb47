"""The images to which a DICOM mask refers, compared with a source. The identifiers are compared and never kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from unetstudio.formats.dicom.identity import without_identity
from unetstudio.formats.dicom.source_planes import SourceSlices

if TYPE_CHECKING:
    from pydicom import Dataset

_PLACES = (
    "ReferencedSeriesSequence", "StudiesContainingOtherReferencedInstancesSequence", "SourceImageSequence",
    "ReferencedFrameOfReferenceSequence", "PerFrameFunctionalGroupsSequence", "ROIContourSequence",
)  # fmt: skip
"""The sequences in which a mask names its images, the short ones first."""


def refers_to(mask: Dataset, slices: SourceSlices | None) -> bool | None:
    """Whether a mask names the files, else the series, else the frame of reference, of a DICOM source; None when it names none of these.

    Of a file of several images it may name the frames: then it belongs to the image that they make.
    """
    if slices is None:
        return None
    instances, series, frames = _named(mask)
    own = {plane.instance for plane in slices.planes} - {""}
    if instances and own:
        own_frames = {(plane.instance, plane.frame) for plane in slices.planes if plane.frame is not None}
        named = {one for one in _named_frames(mask) if one[0] in own} if own_frames else set()
        return bool(named & own_frames) if named else bool(instances & own)
    own_series, own_frame = (str(slices.header.get(keyword) or "") for keyword in ("SeriesInstanceUID", "FrameOfReferenceUID"))
    if series and own_series:
        return own_series in series
    same_frame = bool(own_frame) and bool(frames & {own_frame, without_identity(own_frame)})
    return True if same_frame else None  # another one says little: where it is missing, programs make it up


def _named(mask: Dataset) -> tuple[set[str], set[str], set[str]]:
    """Return the identifiers of instances, series and frames of reference that a mask names."""
    instances: set[str] = set()
    series: set[str] = set()
    frames = {str(mask.FrameOfReferenceUID)} if mask.get("FrameOfReferenceUID") else set()
    for keyword in _PLACES:
        for item in _items(mask, keyword):
            if "ReferencedSOPInstanceUID" in item and "RTReferencedSeriesSequence" not in item:
                instances.add(str(item.ReferencedSOPInstanceUID))
            if "SeriesInstanceUID" in item:
                series.add(str(item.SeriesInstanceUID))
            if "FrameOfReferenceUID" in item:
                frames.add(str(item.FrameOfReferenceUID))
        if instances:
            break
    return instances, series, frames


def _named_frames(mask: Dataset) -> Iterator[tuple[str, int]]:
    """Yield the identifier of the file and the number of each frame that a mask names."""
    for keyword in _PLACES:
        for item in _items(mask, keyword):
            numbers = item.get("ReferencedFrameNumber")
            if numbers is None or numbers == "" or "ReferencedSOPInstanceUID" not in item:
                continue
            for number in numbers if isinstance(numbers, Sequence) else [numbers]:
                yield str(item.ReferencedSOPInstanceUID), int(number)


def _items(dataset: Dataset, keyword: str) -> Iterator[Dataset]:
    """Yield the items of a sequence, and of all sequences in them."""
    for item in dataset.get(keyword) or []:
        yield item
        for element in item:
            if element.VR == "SQ":
                yield from _items(item, element.keyword)
