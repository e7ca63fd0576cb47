"""Files that may be packed as a whole: gzip or bzip2, recognised by their first bytes."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from unetstudio.errors import FormatError

GZIP, BZIP2 = b"\x1f\x8b", b"BZh"


def is_packed(path: Path) -> bool:
    """Whether a file is packed."""
    with path.open("rb") as file:
        return file.read(3).startswith((GZIP, BZIP2))


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[BinaryIO]:
    """Yield the file's contents as a stream, unpacked where it is packed."""
    with path.open("rb") as raw:
        head = raw.read(3)
        raw.seek(0)
        if head.startswith(GZIP):
            yield cast(BinaryIO, gzip.GzipFile(fileobj=raw))
        elif head == BZIP2:
            yield cast(BinaryIO, bz2.BZ2File(raw))
        else:
            yield raw


def unpacked_head(path: Path, head: bytes, length: int = 1024) -> bytes:
    """Return the first bytes of the contents of a file that begins with `head`; b"" when they cannot be unpacked."""
    if head.startswith(GZIP):
        try:
            return zlib.decompressobj(31).decompress(head, length)
        except zlib.error:
            return b""
    return first_bytes(path, length) if head.startswith(BZIP2) else head[:length]  # the first block of bzip2 has to be read whole


def first_bytes(path: Path, length: int = 1024) -> bytes:
    """Return the first bytes of a file's contents; b"" when they cannot be read or unpacked."""
    try:
        with unpacked(path) as stream:
            return stream.read(length)
    except (OSError, EOFError, zlib.error):
        return b""


def read_exactly(stream: BinaryIO, nbytes: int, path: Path) -> bytes:
    """Read that many bytes; raise FormatError when the file ends before."""
    data = stream.read(nbytes)
    if len(data) < nbytes:
        raise FormatError(path, "it is cut short: part of its voxels is missing, so it is damaged; copy it again from its origin.")
    return data
