"""Segmentations of 3D Slicer (.seg.nrrd) and MITK (.nrrd): labels with the names and colours of their segments."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from unetstudio.errors import FormatError
from unetstudio.formats.masks.content import MaskContent, MaskGrid
from unetstudio.formats.masks.cropped import uncropped
from unetstudio.formats.masks.document import MaskDocument
from unetstudio.formats.nrrd.header import MAGIC, read_header
from unetstudio.formats.nrrd.reader import describes_segments, volume_file
from unetstudio.formats.nrrd.segment_keys import is_not_annotated, segment_keys
from unetstudio.formats.nrrd.segments import merged, read_segments
from unetstudio.formats.nrrd.writer import nrrd_bytes
from unetstudio.formats.voxel_files.one_place import OnePlaceFormat
from unetstudio.formats.voxel_files.volume_file import VolumeFile


class SegNrrd(OnePlaceFormat):
    """Segmentations; several layers of overlapping segments become one, the later on top."""

    title = "NRRD segmentation"
    suffixes = (".seg.nrrd", ".seg.nhdr")
    images = False
    receivers = "3D Slicer opens it as a segmentation in the scan's place, with names and colours; MITK and ITK-SNAP see class numbers."

    def recognises(self, head: bytes) -> bool:
        """Look for NRRD; whether its header describes segments is seen in the file."""
        return head.startswith(MAGIC) and b"Segment0_" in head

    def recognises_file(self, path: Path, head: bytes) -> bool:
        """Look for segments in the whole header, which may be long."""
        return head.startswith(MAGIC) and describes_segments(path)

    def open(self, path: Path) -> VolumeFile:
        """Parse the header."""
        return volume_file(read_header(path))

    def read_mask(self, path: Path, grid: MaskGrid | None) -> MaskContent:
        """Read the labels with names and colours of the segments."""
        header = read_header(path)
        file = volume_file(header)
        layers = np.concatenate([file.read(n) for n in range(file.volumes)])  # in lists of 3D Slicer, and in vectors of MITK
        segments = read_segments(header.keys, len(layers))
        if layers.dtype.kind not in "iu" or not segments:
            raise FormatError(path, "its segments are not described, or not stored as whole numbers; export it as a binary label map.")
        labels, values, overlapping = merged(layers, segments)
        notes: tuple[str, ...] = ()
        if overlapping:
            notes = (f"{overlapping:,} voxels of {path.name} belong to more than one segment; the later segment is kept there.",)
        if len(layers) == 1 and [one.value for one in segments] == values:
            labels = layers[0].astype(layers.dtype.newbyteorder("="))  # with values that no segment describes
        unknown = [value for value, segment in zip(values, segments, strict=True) if is_not_annotated(segment.name, value)]
        described = [(value, segment) for value, segment in zip(values, segments, strict=True) if value not in unknown]
        whole = uncropped(labels, file.geometry, grid)
        if whole is not None and grid is not None:
            labels = whole
            notes += (f"{path.name} holds a part of the image; what lies outside of it belongs to no segment.",)
        return MaskContent(
            labels,
            file.geometry if whole is None or grid is None else grid.geometry,
            names={value: segment.name for value, segment in described},
            colours={value: segment.colour for value, segment in described if segment.colour is not None},
            unknown=np.isin(labels, unknown) if unknown else None,
            notes=notes,
        )

    def encode_labels(self, document: MaskDocument) -> bytes:
        """Encode one layer, and a segment for each class but the background; what is not annotated is a segment of its own."""
        return nrrd_bytes(document.labels, document.geometry, segment_keys(document))
