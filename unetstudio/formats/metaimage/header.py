"""The header of a MetaImage: lines of a name and a value, the last of which names the voxels."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from unetstudio.errors import FormatError

LONGEST = 2**20
"""Bytes of header beyond which a file is none."""

_FIRST = re.compile(rb"\A\s*[A-Za-z_]\w*\s*=")
_DIMENSIONS = re.compile(rb"^\s*NDims\s*=\s*\d", re.MULTILINE)
_IMAGE = re.compile(rb"^\s*(ObjectType|DimSize|ElementType)\s*=", re.MULTILINE)

_TYPES = {
    **{"CHAR": "i1", "UCHAR": "u1", "SHORT": "i2", "USHORT": "u2", "INT": "i4", "UINT": "u4", "LONG": "i4", "ULONG": "u4"},
    **{"LONG_LONG": "i8", "ULONG_LONG": "u8", "FLOAT": "f4", "DOUBLE": "f8", "ASCII_CHAR": "i1"},
}


@dataclass(frozen=True)
class MetaHeader:
    """The fields by lower-case name, the lines after the last one (a list of files), and where the voxels begin if they follow."""

    path: Path
    fields: dict[str, str]
    lines: tuple[str, ...]
    end: int

    def text(self, *names: str) -> str:
        """Return the value of the first of these fields that is there; "" when none is."""
        return next((self.fields[name.lower()] for name in names if name.lower() in self.fields), "")

    def numbers(self, *names: str) -> list[float]:
        """Return the numbers of a field, [] when it is not there; raise FormatError when they are none."""
        try:
            return [float(word) for word in self.text(*names).replace(",", " ").split()]
        except ValueError:
            raise unreadable(self.path, names[0]) from None

    def whole(self, name: str, otherwise: int) -> int:
        """Return a whole number."""
        try:
            return int(self.text(name) or otherwise)
        except ValueError:
            raise unreadable(self.path, name) from None

    def holds(self, *names: str) -> bool:
        """Whether a switch is on."""
        return self.text(*names).lower() in ("true", "t", "1", "yes")

    @property
    def sizes(self) -> tuple[int, ...]:
        """The length of each axis, fastest first, without channels."""
        sizes = self.numbers("DimSize")
        if not sizes or len(sizes) != self.whole("NDims", len(sizes)) or not all(n >= 1 and n == int(n) for n in sizes) or len(sizes) > 10:
            raise unreadable(self.path, "DimSize")
        if len(sizes) < 2:
            raise FormatError(self.path, "it has one axis only, so it is no image; choose the volume that it belongs to.")
        return tuple(int(n) for n in sizes)

    @property
    def channels(self) -> int:
        """Number of values per voxel."""
        channels = self.whole("ElementNumberOfChannels", 1)
        if channels < 1:
            raise unreadable(self.path, "ElementNumberOfChannels")
        return channels

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The type of a value; raise FormatError for one that is not known."""
        name = self.text("ElementType").upper().removeprefix("MET_").removesuffix("_ARRAY")
        if name not in _TYPES:
            raise FormatError(
                self.path, f"its voxels are of the type “{self.text('ElementType')}”, which is no number; save them as numbers."
            )
        voxel_type = np.dtype(_TYPES[name])
        big = self.holds("BinaryDataByteOrderMSB", "ElementByteOrderMSB")
        return voxel_type.newbyteorder(">" if big else "<") if voxel_type.itemsize > 1 else voxel_type


def is_metaimage(head: bytes) -> bool:
    """Whether the first bytes of a file are lines of a MetaImage header."""
    return bool(_FIRST.match(head) and _DIMENSIONS.search(head) and _IMAGE.search(head))


def read_header(path: Path) -> MetaHeader:
    """Parse the header; raise FormatError for one that is damaged or describes no image."""
    fields: dict[str, str] = {}
    lines: tuple[str, ...] = ()
    with path.open("rb") as file:
        while "elementdatafile" not in fields:
            line = file.readline(LONGEST)
            if not line or file.tell() > LONGEST:
                raise unreadable(path, "ElementDataFile")
            name, _, value = line.decode("utf-8", "replace").partition("=")
            fields[name.strip().lower()] = value.strip()
        end = file.tell()
        if fields["elementdatafile"].upper().startswith("LIST"):
            lines = tuple(text.strip() for text in file.read(LONGEST).decode("utf-8", "replace").splitlines() if text.strip())
    kind = fields.get("objecttype", "Image")
    if kind.lower() != "image":
        raise FormatError(path, f"it describes an object of the kind “{kind}”, which is no image; choose the image that it belongs to.")
    return MetaHeader(path, fields, lines, end)


def unreadable(path: Path, name: str) -> FormatError:
    """Make the error for a field that is missing or makes no sense."""
    return FormatError(path, f"the field “{name}” of its header cannot be understood, so it is damaged; export it again.")
