"""Files of images, volumes and masks: one file per format, each reading and some writing.

Importing it is cheap: the libraries behind the formats load when the first file of their kind is read.
"""

from unetstudio.formats.finding.discovery import discover
from unetstudio.formats.finding.hashing import sha256_of
from unetstudio.formats.finding.recognition import recognise, stem
from unetstudio.formats.format import FORMATS, Format
from unetstudio.formats.masks.content import MaskContent, MaskGrid
from unetstudio.formats.masks.document import MaskDocument
from unetstudio.formats.masks.legend import legend, write_legend
from unetstudio.formats.masks.mask_files import read_mask, read_mask_onto, write_mask
from unetstudio.formats.part import Part
from unetstudio.formats.scan_files import files_of, read, read_by_region, read_to_paint

__all__ = [
    "FORMATS",
    "Format",
    "MaskContent",
    "MaskDocument",
    "MaskGrid",
    "Part",
    "discover",
    "files_of",
    "legend",
    "read",
    "read_by_region",
    "read_mask",
    "read_mask_onto",
    "read_to_paint",
    "recognise",
    "sha256_of",
    "stem",
    "write_legend",
    "write_mask",
]
