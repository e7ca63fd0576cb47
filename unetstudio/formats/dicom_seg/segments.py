"""The segments that a segmentation describes: number, name and colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from unetstudio.data.classes import Colour
from unetstudio.formats.dicom.short_names import whole_name
from unetstudio.formats.dicom_seg.colours import from_cielab

if TYPE_CHECKING:
    from pydicom import Dataset


@dataclass(frozen=True)
class Segment:
    """A structure: `number` is its value in a label map, 0 only where a label map describes its background."""

    number: int
    name: str
    colour: Colour | None = None


def segments_of(dataset: Dataset) -> list[Segment]:
    """Return the described segments in order of their numbers."""
    described = [_segment(item) for item in dataset.get("SegmentSequence") or []]
    return sorted(described, key=lambda segment: segment.number)


def _segment(item: Dataset) -> Segment:
    number = int(item.SegmentNumber)
    colour = item.get("RecommendedDisplayCIELabValue")
    label = str(item.get("SegmentLabel") or "").strip()
    name = whole_name(label, str(item.get("SegmentDescription") or "")) or _meaning(item) or f"Segment {number}"
    return Segment(number, name, None if colour is None else from_cielab(colour))


def _meaning(item: Dataset) -> str:
    """Return the meaning of the coded type of structure; empty when there is none."""
    types = item.get("SegmentedPropertyTypeCodeSequence")
    return str(types[0].get("CodeMeaning") or "") if types else ""
