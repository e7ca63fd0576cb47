"""Files of images, volumes and masks: one file per format, each reading and some writing.

Light to import: the libraries behind the formats load when the first file of their kind is read.
"""

from unetstudio.formats.discovery import discover
from unetstudio.formats.format import FORMATS, Format, recognise
from unetstudio.formats.hashing import sha256_of
from unetstudio.formats.legend import legend, write_legend
from unetstudio.formats.reading import read, read_by_region, read_mask, read_mask_onto, read_to_paint, stem
from unetstudio.formats.writing import write_mask

__all__ = [
    "FORMATS",
    "Format",
    "discover",
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
