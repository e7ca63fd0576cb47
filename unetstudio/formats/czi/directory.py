"""The directory of a CZI file: where each block of pixels lies in the file and in the image, and the XML description."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from unetstudio.errors import FormatError

_SEGMENT, _DIRECTORY_HEAD, _METADATA_HEAD, _SUBBLOCK_HEAD = 32, 128, 256, 240
_TYPES = {
    0: ("u1", 1),
    1: ("<u2", 1),
    2: ("<f4", 1),
    3: ("u1", 3),
    4: ("<u2", 3),
    8: ("<f4", 3),
    9: ("u1", 4),
    12: ("<i4", 1),
    13: ("<f8", 1),
}
"""Type and number of samples of a pixel."""

MOST = 10_000_000
"""Largest plausible number of blocks."""


@dataclass(frozen=True)
class Block:
    """A tile of pixels: its `start` and `size` along each dimension, in the image, and its place and compression in the file."""

    start: dict[str, int]
    size: dict[str, int]
    stored: dict[str, int]
    position: int
    compression: int
    pixel_type: int

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The type of its samples."""
        return np.dtype(_TYPES[self.pixel_type][0])

    @property
    def samples(self) -> int:
        """Samples per pixel: 1, 3 (blue, green, red) or 4."""
        return _TYPES[self.pixel_type][1]

    @property
    def is_full_size(self) -> bool:
        """Whether it belongs to the image at full resolution, not to the pyramid."""
        return all(self.size[axis] == self.stored[axis] for axis in "YX")


def blocks_of(path: Path) -> list[Block]:
    """Return the blocks at full resolution; raise FormatError when there are none, or some lie in another file."""
    with path.open("rb") as file:
        place = struct.unpack_from("<q", _segment(file, 0, b"ZISRAWFILE", path, 80), 52)[0]
        head = _segment(file, place, b"ZISRAWDIRECTORY", path, _DIRECTORY_HEAD)
        count = struct.unpack_from("<i", head)[0]
        if not 0 < count < MOST:
            raise FormatError(path, "it holds no image; it may be damaged or cut short.")
        blocks = [block for block in _entries(file, count, path) if block.is_full_size]
    if not blocks:
        raise FormatError(path, "it holds no image at full resolution; export it again from the program that made it.")
    return blocks


def data_of(file: BinaryIO, block: Block, path: Path) -> bytes:
    """Read the bytes of a block's pixels."""
    metadata, _, size = struct.unpack_from("<iiq", _segment(file, block.position, b"ZISRAWSUBBLOCK", path, 16))
    entry = 32 + 20 * len(block.start)
    file.seek(block.position + _SEGMENT + 16 + max(_SUBBLOCK_HEAD, entry) + metadata)
    data = file.read(size)
    if len(data) < size:
        raise FormatError(path, "it is cut short: part of its pixels is missing; copy it again from its origin.")
    return data


def xml_of(path: Path) -> str:
    """Return the XML description; "" where there is none."""
    with path.open("rb") as file:
        place = struct.unpack_from("<q", _segment(file, 0, b"ZISRAWFILE", path, 80), 60)[0]
        if place <= 0:
            return ""
        size = struct.unpack_from("<i", _segment(file, place, b"ZISRAWMETADATA", path, _METADATA_HEAD))[0]
        text = file.read(max(0, size))
    if len(text) < size:
        raise FormatError(path, "it is cut short: its description is missing; copy it again from its origin.")
    return text.decode("utf-8", "replace").rstrip("\0")


def _entries(file: BinaryIO, count: int, path: Path) -> Iterator[Block]:
    for _ in range(count):
        head = file.read(32)
        schema, kind, position, part, compression, _, dimensions = struct.unpack("<2siqiib5xi", head)
        if schema != b"DV" or not 0 <= dimensions < 32:
            raise FormatError(path, "its directory is damaged; copy it again from its origin.")
        if part:
            raise FormatError(path, "its pixels are spread over several files; save it as one file in ZEN, or export it as OME-TIFF.")
        start, size, stored = {}, {}, {}
        for _ in range(dimensions):
            name, first, length, _, kept = struct.unpack("<4siifi", file.read(20))
            axis = name.rstrip(b"\0").decode("ascii", "replace")
            start[axis], size[axis], stored[axis] = first, length, kept or length
        if kind not in _TYPES:
            raise FormatError(path, "its pixels are not plain numbers; save their magnitude as real numbers first.")
        if "X" in size and "Y" in size:
            yield Block(start, size, stored, position, compression, kind)


def _segment(file: BinaryIO, place: int, name: bytes, path: Path, length: int) -> bytes:
    """Read the beginning of a segment's content."""
    file.seek(max(0, place))
    head = file.read(_SEGMENT)
    content = file.read(length)
    if head[:16].rstrip(b"\0") != name or len(content) < length:
        raise FormatError(path, "it is damaged or cut short; copy it again from its origin.")
    return content
