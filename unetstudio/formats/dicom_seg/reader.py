"""The format of DICOM segmentations; a mask belongs to the whole grid of its scan, wherever its frames lie on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.data.scan import Scan
from unetstudio.errors import FormatError
from unetstudio.formats.dicom.partly_annotated import is_partly_annotated, without_background
from unetstudio.formats.dicom.references import refers_to
from unetstudio.formats.dicom.sop_class import LABEL_MAP_SEGMENTATION, SEGMENTATION, sop_class
from unetstudio.formats.dicom.source_planes import can_be_drawn_on, dicom_slices
from unetstudio.formats.dicom.tiles import is_tiled
from unetstudio.formats.dicom_seg.canvas import Canvas
from unetstudio.formats.dicom_seg.frames import LABEL_MAP, SegFrame, frames_of
from unetstudio.formats.dicom_seg.layout import Layout, layout_of
from unetstudio.formats.dicom_seg.pixels import stored_values
from unetstudio.formats.dicom_seg.segments import segments_of
from unetstudio.formats.dicom_seg.writer import encoded
from unetstudio.formats.format import FORMATS, Format
from unetstudio.formats.masks.content import MaskContent, MaskGrid
from unetstudio.formats.masks.document import MaskDocument
from unetstudio.formats.voxel_files.library_errors import translate_errors

if TYPE_CHECKING:
    from pydicom import Dataset


class DicomSeg(Format):
    """Segmentation objects: several segments, which may overlap, in frames of which empty ones may be left out."""

    title = "DICOM segmentation"
    suffixes = (".seg.dcm", ".dcm")
    volumes = True
    images = False
    writes = True
    identifies = True
    receivers = (
        "3D Slicer, OHIF and archives show each class but the first as a segment; with the patient's identity it is filed with the study "
        "and laid over its images, without it only its position says where it belongs. Where voxels have no label, "
        "the background is a segment too."
    )

    def recognises(self, head: bytes) -> bool:
        """Look for the SOP class of a segmentation."""
        return sop_class(head) in (SEGMENTATION, LABEL_MAP_SEGMENTATION)

    def read(self, source: Source) -> Scan:
        """Read the segments by number, to be looked at on their own; they are never found as an image among others."""
        content = self.read_mask(source.path, None)
        return Scan(content.values[None], content.geometry, kind=self.title)

    def read_mask(self, path: Path, grid: MaskGrid | None) -> MaskContent:
        """Read the segments by number onto the grid of the scan, or without one onto the volume that the frames span."""
        dataset = _dataset(path)
        segments = segments_of(dataset)
        frames = frames_of(dataset, path)
        slices = dicom_slices(None if grid is None else grid.source)
        layout = layout_of(dataset, frames, grid, slices, path)
        highest = max([segment.number for segment in segments] + [frame.segment for frame in frames], default=0)
        deep = dataset.get("SegmentationType") == "LABELMAP" and int(dataset.BitsAllocated) > 8
        canvas = Canvas(layout.grid.shape, 2**16 - 1 if deep else highest, path)
        notes = _painted(canvas, dataset, frames, layout, path)
        values, geometry = canvas.values, layout.grid.geometry
        if layout.pairing is not None and grid is not None:
            values = layout.pairing.from_slices(values, grid.shape)
        if refers_to(dataset, slices) is False:
            notes.append("It says that it was drawn on another series; check that it belongs to this image.")
        named = [segment for segment in segments if segment.number != LABEL_MAP]
        colours = {segment.number: segment.colour for segment in named if segment.colour is not None}
        content = MaskContent(values, geometry, {segment.number: segment.name for segment in named}, colours, notes=tuple(notes))
        return without_background(content, named[-1].number) if named and is_partly_annotated(dataset) else content

    def refers_to(self, path: Path, source: Source) -> bool | None:
        """Compare the referenced images, series or frame of reference with those of a DICOM scan."""
        return translate_errors(path, self.title, lambda: refers_to(_dataset(path, pixels=False), dicom_slices(source)))

    def suits(self, source: Source, *, volume: bool) -> bool:
        """Whether the scan is DICOM, and its slices have a place or are only one."""
        del volume
        return can_be_drawn_on(source, without_place=True)

    def encode(self, document: MaskDocument) -> bytes:
        """Encode one binary segment per class but the first; raise FormatError when the scan is not DICOM or its slices do not fit."""
        return encoded(document)


def _dataset(path: Path, *, pixels: bool = True) -> Dataset:
    import pydicom

    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    dataset = pydicom.dcmread(path, stop_before_pixels=not pixels)
    if pixels and "PixelData" not in dataset:
        raise FormatError(path, "this segmentation holds no pixels; it may be cut short, so copy it again from its origin.")
    return dataset


def _painted(canvas: Canvas, dataset: Dataset, frames: Sequence[SegFrame], layout: Layout, path: Path) -> list[str]:
    """Paint all frames; return sentences on what was decided on the way."""
    most = int(dataset.get("MaximumFractionalValue") or 255) if dataset.get("SegmentationType") == "FRACTIONAL" else 1
    fractions = total = 0
    for frame, values, place in zip(frames, _numbered(dataset, path), layout.places, strict=True):
        numbers = values
        if frame.segment != LABEL_MAP:
            fractions += int(np.count_nonzero((values > 0) & (values < most)))
            chosen = (values > 0) & (2 * values.astype(np.uint32) >= most)
            numbers = chosen.astype(np.uint16) * np.uint16(frame.segment)
        total += int(np.count_nonzero(numbers))
        canvas.paint(numbers, *place)
    if canvas.outside and canvas.outside == total:
        raise FormatError(path, "all its segments lie beyond the image; choose the image that it was drawn on.")
    notes = [layout.note] if layout.note else []
    if canvas.overlapping:
        notes.append(f"Its segments overlap in {canvas.overlapping:,} voxels, where the one with the greater number was kept.")
    if fractions:
        notes.append(f"Its segments are fractional: {fractions:,} voxels lie between none and all, and those of at least half were taken.")
    if canvas.outside and not is_tiled(dataset):
        notes.append(f"{canvas.outside:,} of its voxels lie beyond the image and were left out.")
    return notes


def _numbered(dataset: Dataset, path: Path) -> Iterator[NDArray[Any]]:
    """Yield the stored values of each frame; in label maps the value of the background becomes 0."""
    padding = int(dataset.get("PixelPaddingValue") or 0) if dataset.get("SegmentationType") == "LABELMAP" else 0
    for values in stored_values(dataset, path):
        if padding and (values == 0).any():
            raise FormatError(path, f"its segment 0 is a structure and {padding} the background; number its segments from 1.")
        yield np.where(values == padding, 0, values) if padding else values


FORMATS.register("dicom_seg")(DicomSeg())
