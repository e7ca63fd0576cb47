"""The kind of object in a DICOM file, its SOP class, by the file's first bytes."""

from __future__ import annotations

import re

SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
LABEL_MAP_SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.7"
STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"

MASKS = frozenset({SEGMENTATION, LABEL_MAP_SEGMENTATION, STRUCTURE_SET})
"""The classes of masks, which have formats of their own and are never images."""

_CLASS = re.compile(rb"(?:\x02\0\x02\0|\x08\0\x16\0|\0\x08\0\x16).{4}([0-9.]{10,64})", re.DOTALL)
"""MediaStorageSOPClassUID or SOPClassUID in either byte order, with or without a stated value representation."""


def sop_class(head: bytes) -> str:
    """Return the SOP class that the first bytes of a DICOM file state; empty when they do not."""
    match = _CLASS.search(head, 132 if head[128:132] == b"DICM" else 0)
    return "" if match is None else match[1].decode("ascii")
