"""The header of an NRRD file: fields, and keys of other programs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from unetstudio.errors import FormatError

MAGIC = b"NRRD000"
LONGEST = 16 * 2**20
"""Bytes of header beyond which a file is none: segmentations of many structures have long ones."""

_INTEGERS = {"char": 1, "short": 2, "int": 4, "longlong": 8}
_SPELT = {"longlongint": "longlong", "shortint": "short"}
_ALIASES = {"centers": "centerings", "datafile": "data file", "lineskip": "line skip", "byteskip": "byte skip"}


@dataclass(frozen=True)
class NrrdHeader:
    """The fields in lower case, the keys as they are, and where the voxels begin if they follow in the same file."""

    path: Path
    fields: dict[str, str]
    keys: dict[str, str]
    end: int
    file_names: tuple[str, ...] = ()  # of a LIST of data files
    sizes: tuple[int, ...] = field(default=())  # fastest first

    def words(self, name: str) -> list[str]:
        """Return the words of a field, quoted ones without their quotes; [] for a field that is not there."""
        return [quoted or bare for quoted, bare in re.findall(r'"([^"]*)"|(\S+)', self.fields.get(name, ""))]

    def number(self, name: str, otherwise: int = 0) -> int:
        """Return a whole number."""
        try:
            return int(self.fields.get(name, otherwise))
        except ValueError:
            raise _unreadable(self.path, name) from None

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The type of a voxel; raise FormatError for blocks, and for a type unknown."""
        name = self.fields.get("type", "").lower()
        voxel_type = number_type(name)
        if voxel_type is None:
            raise FormatError(self.path, f"its voxels are of the type “{name}”, which is no number; save them as numbers.")
        if voxel_type.itemsize > 1 and self.fields.get("encoding", "").lower() not in ("txt", "text", "ascii"):
            return voxel_type.newbyteorder(">" if self.fields.get("endian", "little").lower() == "big" else "<")
        return voxel_type


def read_header(path: Path) -> NrrdHeader:
    """Parse the header; raise FormatError for one that is damaged."""
    with path.open("rb") as file:
        if not file.readline(64).startswith(MAGIC):
            raise FormatError(path, "it is not an NRRD file although it is named like one; open the original instead.")
        fields: dict[str, str] = {}
        keys: dict[str, str] = {}
        names: tuple[str, ...] = ()
        while line := _line(file, path):
            name, separator, value = _split(line)
            if separator == ":=":
                keys[name] = re.sub(r"\\([n\\])", lambda found: "\n" if found[1] == "n" else "\\", value)
            elif separator:
                name = _ALIASES.get(name.lower(), name.lower())
                fields[name] = value
                if name == "data file" and value.upper().startswith("LIST"):
                    names = tuple(text.strip() for text in file.read(LONGEST).decode("utf-8", "replace").splitlines() if text.strip())
        header = NrrdHeader(path, fields, keys, file.tell(), names)
    try:
        sizes = tuple(int(n) for n in header.words("sizes"))
    except ValueError:
        raise _unreadable(path, "sizes") from None
    if not sizes or min(sizes) < 1 or len(sizes) != header.number("dimension", len(sizes)) or len(sizes) > 16:
        raise _unreadable(path, "sizes")
    return NrrdHeader(path, fields, keys, header.end, names, sizes)


def number_type(name: str) -> np.dtype[np.generic] | None:
    """Return the type of a name such as "unsigned short" or "uint16_t"; None when it is none."""
    bits = re.fullmatch(r"(u?)int(8|16|32|64)(_t)?", name)
    if bits:
        return np.dtype(f"{'u' if bits[1] else 'i'}{int(bits[2]) // 8}")
    if name in ("float", "double"):
        return np.dtype(np.float32 if name == "float" else np.float64)
    plain = name.replace(" ", "")
    unsigned = plain.startswith(("unsigned", "u"))
    plain = re.sub(r"^(unsigned|signed|u)", "", plain)
    size = _INTEGERS.get(_SPELT.get(plain, plain))
    return None if size is None else np.dtype(f"{'u' if unsigned else 'i'}{size}")


def _line(file: BinaryIO, path: Path) -> str:
    """Return the next line that is no comment; "" at the end of the header."""
    while True:
        line = file.readline(LONGEST)
        if file.tell() > LONGEST:
            raise _unreadable(path, "length")
        text = line.decode("utf-8", "replace").strip()
        if not text.startswith("#"):
            return text


def _split(line: str) -> tuple[str, str, str]:
    """Split a line at the first ": " or ":=", whichever comes first."""
    match = re.match(r"([^:]*)(:=|:)\s?(.*)", line)
    return (match[1].strip(), match[2], match[3].strip()) if match else (line, "", "")


def _unreadable(path: Path, name: str) -> FormatError:
    return FormatError(path, f"the field “{name}” of its header cannot be understood, so it is damaged; export it again.")
