"""A record of a journal: an Edit, or an event without voxels, as bytes with a checksum.

It consists of magic, sequence, length, CRC-32 and payload; the payload holds the SHA-256 of the record before it, the kind, a JSON
description (time, user, tool, class, region) and the zlib-packed mask and values. Sequence and length are never zero, so zeros left by a
power cut are no record.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import struct
import time as clock
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from unetstudio.data.edit import Bytes, Edit, constant
from unetstudio.data.region import Region
from unetstudio.errors import ProjectError

MAGIC = b"UJ1\n"
HEADER = struct.Struct("<4sQQI")  # magic, sequence, payload length, CRC-32 of the three and the payload
PREFIX = struct.Struct("<32sBI")  # SHA-256 of the record before, kind, length of the JSON
UNKNOWN = bytes(32)
"""The digest of the record before when there is none or it is unknown."""
MOST_PACKED = 1040
"""Upper bound of zlib's compression ratio, which is 1032."""
LARGE = 64 * 2**20
"""Bytes that are unpacked without a check of the free memory."""
ID = "id"
"""Key of a change's own id in its description, by which a copy that was kept elsewhere is recognised."""
ARRAYS = ("before", "after", "before_origin", "after_origin")


class Kind(IntEnum):
    """The kind of a record. EDIT, UNDO and REDO change the labels; the others do not and have no number of their own."""

    EDIT = 1
    UNDO = 2
    REDO = 3
    PARTIAL = 4  # changes of the current stroke since its last part; void when its EDIT or a CANCEL follows
    CANCEL = 5  # the current stroke was cancelled
    NOTE = 6  # an event without voxels, for the audit trail

    @property
    def changes(self) -> bool:
        """Whether it changes the labels, and so has a number."""
        return self <= Kind.REDO


@dataclass(frozen=True, eq=False, slots=True)
class Draft:
    """A record that is to be written; CANCEL and NOTE have no Edit. `more` joins its description."""

    kind: Kind
    edit: Edit | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, slots=True)
class JournalEntry:
    """A record; its Edit is unpacked on each access, so that a long history takes little memory."""

    kind: Kind
    sequence: int  # its number; for a record that changes nothing, that of the next change
    previous: bytes  # SHA-256 of the record before
    digest: bytes  # SHA-256 of this record
    path: Path
    payload: bytes

    @property
    def edit(self) -> Edit:
        """The Edit as applied: for an undo, the inverse of the undone one. Raise ProjectError when the record is malformed."""
        return _unpack(self.payload, self.path)

    def write_into(self, values: Bytes, origin: Bytes) -> tuple[Bytes, Bytes]:
        """Write the new values into a label map (Z, Y, X) without making an Edit, and return the voxels' old and new values.

        Raise ProjectError when the record is malformed, or its region is outside.
        """
        region, packed, arrays, _ = _fields(self.payload, self.path)
        if any(end > size for end, size in zip(region.stop, values.shape, strict=True)):
            raise ProjectError(self.path, "holds a stroke outside the scan; it belongs to another image.")
        box, mask = region.slices, np.unpackbits(packed, count=region.size).view(np.bool_).reshape(region.shape)
        inside, after = values[box], arrays["after"]
        before = inside[mask]
        inside[mask] = after
        origin[box][mask] = arrays["after_origin"]
        return before, constant(after, before.size) if isinstance(after, int) else after

    @property
    def description(self) -> dict[str, Any]:
        """Time, user, tool, class value and region, for the audit trail."""
        return _description(self.payload, self.path)[0]

    @property
    def without_arrays(self) -> JournalEntry:
        """The same record with only its description; `edit` is then an error."""
        return replace(self, payload=self.payload[: _description(self.payload, self.path)[1]])

    @property
    def last_change(self) -> int:
        """The number of the last change up to this record."""
        return self.sequence if self.kind.changes else self.sequence - 1


def encode(kind: Kind, edit: Edit | None, sequence: int, previous: bytes = UNKNOWN, more: Mapping[str, Any] | None = None) -> bytes:
    """Encode an Edit, or an event without one, as a record; constant arrays take a single number."""
    if sequence <= 0:
        raise ValueError("sequence numbers begin at 1")
    description: dict[str, Any] = {"user": account_name(), **(more or {})}
    packed = b""
    if edit is None:
        description.setdefault("time", clock.time())
    else:
        constants: dict[str, int] = {}
        parts = [edit.packed.tobytes()]
        for name in ARRAYS:
            array: Bytes = getattr(edit, name)
            if array.size and (array.strides == (0,) or not np.any(array != array[0])):
                constants[name] = int(array[0])
            else:
                parts.append(array.tobytes())
        region = [edit.region.start, edit.region.stop]
        description |= {
            "time": edit.time,
            "tool": edit.tool,
            "value": edit.value,
            "region": region,
            "count": edit.count,
            "constants": constants,
        }
        packed = zlib.compress(b"".join(parts), 1)
    text = json.dumps(description, separators=(",", ":")).encode()
    payload = PREFIX.pack(previous, kind, len(text)) + text + packed
    checked = HEADER.pack(MAGIC, sequence, len(payload), 0)[:-4]
    return HEADER.pack(MAGIC, sequence, len(payload), zlib.crc32(payload, zlib.crc32(checked))) + payload


def parse_record(data: bytes, at: int, path: Path) -> JournalEntry | None:
    """Parse the record at an offset; None when it is not whole."""
    if len(data) - at < HEADER.size:
        return None
    magic, sequence, length, crc = HEADER.unpack_from(data, at)
    end = at + HEADER.size + length
    if magic != MAGIC or not 0 < sequence < 2**62 or length < PREFIX.size or end > len(data):
        return None
    payload = data[at + HEADER.size : end]
    if zlib.crc32(payload, zlib.crc32(data[at : at + HEADER.size - 4])) != crc:
        return None
    previous, kind, _ = PREFIX.unpack_from(payload)
    if not Kind.EDIT <= kind <= Kind.NOTE:
        return None
    return JournalEntry(Kind(kind), sequence, previous, hashlib.sha256(data[at:end]).digest(), path, payload)


def account_name() -> str:
    """Return the name of the user's account, for the audit trail."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no account of that number, or no such module
        return ""


def _description(payload: bytes, path: Path) -> tuple[dict[str, Any], int]:
    """Parse the JSON part; return it and the offset of the packed arrays."""
    _, _, length = PREFIX.unpack_from(payload)
    start = PREFIX.size + length
    try:
        description = json.loads(payload[PREFIX.size : start])
    except (ValueError, RecursionError) as error:
        raise malformed(path) from error
    if not isinstance(description, dict):
        raise malformed(path)
    return description, start


def _unpack(payload: bytes, path: Path) -> Edit:
    region, packed, arrays, description = _fields(payload, path)
    try:
        count = int(description["count"])
        whole = {name: constant(array, count) if isinstance(array, int) else array for name, array in arrays.items()}
        return Edit(
            region, packed, **whole, tool=str(description["tool"]), value=int(description["value"]), time=float(description["time"])
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise malformed(path) from error


def _fields(payload: bytes, path: Path) -> tuple[Region, Bytes, dict[str, Bytes | int], dict[str, Any]]:
    """Parse region, packed mask, the four arrays (constant ones as a value) and description; raise ProjectError when malformed."""
    description, start = _description(payload, path)
    try:
        region = _region(description["region"])
        count, constants = int(description["count"]), {name: int(value) for name, value in description["constants"].items()}
        packed_size = -(-region.size // 8)
        size = packed_size + count * sum(name not in constants for name in ARRAYS)
        if any(not 0 <= value <= 255 for value in constants.values()):
            raise ValueError("no byte")
        if not 0 <= count <= region.size:
            raise ValueError("more voxels than the region has")
        if size > MOST_PACKED * len(payload) or (size > LARGE and 10 * size > psutil.virtual_memory().available):
            raise ValueError("more than the record can hold, or the memory")
        raw = zlib.decompressobj().decompress(payload[start:], size + 1)
        if len(raw) != size:
            raise ValueError("arrays of another length")
        packed, rest = np.frombuffer(raw[:packed_size], np.uint8), np.frombuffer(raw[packed_size:], np.uint8)
        if int(np.count_nonzero(np.unpackbits(packed, count=region.size))) != count:
            raise ValueError("mask and values disagree")
        arrays: dict[str, Bytes | int] = {}
        for name in ARRAYS:
            if name in constants:
                arrays[name] = constants[name]
            else:
                arrays[name], rest = rest[:count], rest[count:]
        return region, packed, arrays, description
    except (KeyError, TypeError, ValueError, OverflowError, zlib.error) as error:
        raise malformed(path) from error


def _region(corners: Any) -> Region:
    """Make a region from JSON; raise ValueError unless it is a box with voxels."""
    (z0, y0, x0), (z1, y1, x1) = corners
    region = Region((int(z0), int(y0), int(x0)), (int(z1), int(y1), int(x1)))
    if region.empty or min(region.start) < 0:
        raise ValueError("not a region")
    return region


def malformed(path: Path) -> ProjectError:
    """Make the error for a record that this program cannot have written."""
    return ProjectError(path, "holds a stroke that makes no sense; it was not written by this program, or was changed.")
