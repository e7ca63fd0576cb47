"""Formats of masks that hold one place in the patient, and therefore none of a scan whose header gives two."""

from __future__ import annotations

from unetstudio.data.case import Source
from unetstudio.formats.masks.document import MaskDocument
from unetstudio.formats.nifti.scan_header import has_two_places, require_one_place
from unetstudio.formats.voxel_files.volume_format import VolumeFormat


class OnePlaceFormat(VolumeFormat):
    """A format of volumes and label maps; a subclass defines `open` and `encode_labels`."""

    writes = True

    def suits(self, source: Source, *, volume: bool) -> bool:
        """Leave out scans whose mask other programs could show beside them."""
        del volume
        return not has_two_places(source)

    def encode(self, document: MaskDocument) -> bytes:
        """Encode a label map; raise FormatError for one whose scan has two places."""
        require_one_place(document.source, self.title)
        return self.encode_labels(document)

    def encode_labels(self, document: MaskDocument) -> bytes:
        """Return the bytes of a mask file."""
        raise NotImplementedError
