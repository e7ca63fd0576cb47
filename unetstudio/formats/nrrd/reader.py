"""NRRD volumes (.nrrd, .nhdr with voxels beside it) and label maps."""

from __future__ import annotations

from pathlib import Path

from unetstudio.errors import FormatError
from unetstudio.formats.masks.document import MaskDocument
from unetstudio.formats.nrrd.axes import read_axes
from unetstudio.formats.nrrd.header import MAGIC, NrrdHeader, read_header
from unetstudio.formats.nrrd.segments import describe_segments
from unetstudio.formats.nrrd.voxels import data_files, raw_array, stored_array
from unetstudio.formats.nrrd.writer import nrrd_bytes
from unetstudio.formats.voxel_files.one_place import OnePlaceFormat
from unetstudio.formats.voxel_files.volume_file import VolumeFile


class Nrrd(OnePlaceFormat):
    """NRRD files; axes are the file's, slowest first, and the measurement frame is left aside."""

    title = "NRRD"
    suffixes = (".nrrd", ".nhdr")
    receivers = "3D Slicer, ITK-SNAP and MITK show a label map in the scan's place, with class numbers; the legend beside it has the names."

    def recognises(self, head: bytes) -> bool:
        """Look for the seven letters at its beginning."""
        return head.startswith(MAGIC)

    def recognises_file(self, path: Path, head: bytes) -> bool:
        """Leave segmentations with named segments to their own format."""
        return self.recognises(head) and not describes_segments(path)

    def open(self, path: Path) -> VolumeFile:
        """Parse the header."""
        return volume_file(read_header(path))

    def encode_labels(self, document: MaskDocument) -> bytes:
        """Encode a label map, packed with gzip."""
        return nrrd_bytes(document.labels, document.geometry)


def describes_segments(path: Path) -> bool:
    """Whether the header has the keys of a segmentation; a damaged header has none."""
    try:
        return describe_segments(read_header(path).keys)
    except (FormatError, OSError):
        return False


def volume_file(header: NrrdHeader) -> VolumeFile:
    """Make the file of a parsed header."""
    axes, files = read_axes(header), data_files(header)
    beside = tuple(file for file in files if file != header.path)
    return VolumeFile(
        path=header.path,
        shape=tuple(reversed(header.sizes)),
        roles=axes.roles[::-1],
        dtype=header.dtype,
        geometry=axes.geometry,
        stored=lambda: stored_array(header, files),
        raw=raw_array(header, files),
        files=(header.path, *beside),
        notes=axes.notes,
    )
