"""The journal of a case: one record per Edit, appended and flushed before anything is called saved.

A record is magic, sequence, length, CRC-32 and payload; the payload holds the SHA-256 of the record before it, the kind, a JSON
description (time, user, tool, class, region) and the zlib-packed mask and values. Sequence and length are never zero, so that the zeros a
power cut leaves are no record. Undo and redo are records too: replaying all Edits in order gives the labels.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np

from unetstudio.data.edit import Bytes, Edit, constant
from unetstudio.data.region import Region
from unetstudio.errors import ProjectError
from unetstudio.project import durable

MAGIC = b"UJ1\n"
HEADER = struct.Struct("<4sQQI")  # magic, sequence, payload length, CRC-32 of the three and the payload
PREFIX = struct.Struct("<32sBI")  # SHA-256 of the record before, kind, length of the JSON
UNKNOWN = bytes(32)
"""Stands for the record before when there is none, or it is not known."""
MOST_TRIES = 10_000
"""Record beginnings looked at behind damage; a file that holds more was made to keep us busy."""
ARRAYS = ("before", "after", "before_origin", "after_origin")


class Kind(IntEnum):
    """Why the Edit was applied; undo and redo tell the history how to stand after a restart."""

    EDIT = 1
    UNDO = 2
    REDO = 3


@dataclass(frozen=True, eq=False, slots=True)
class JournalEntry:
    """One record; its Edit is unpacked each time it is asked for, so that a long history stays small."""

    kind: Kind
    sequence: int
    previous: bytes  # SHA-256 of the record before
    digest: bytes  # SHA-256 of this one
    path: Path
    payload: bytes

    @property
    def edit(self) -> Edit:
        """As it was applied: for an undo, the inverse of what was undone. ProjectError when the record makes no sense."""
        return _unpack(self.payload, self.path)

    @property
    def about(self) -> dict[str, Any]:
        """Time, user, tool, class value, region: the audit trail's line."""
        return _about(self.payload, self.path)[0]


@dataclass(frozen=True, eq=False, slots=True)
class JournalContents:
    """What a journal file holds: the entries up to the first that is not whole."""

    entries: tuple[JournalEntry, ...]
    valid_bytes: int
    torn: bool  # more bytes follow that are no whole record
    beyond: int  # highest sequence of a whole record behind the damage, 0 when there is none


class Journal:
    """A file to which this program alone appends; after a refusal it is closed for good and another file goes on."""

    def __init__(self, path: Path, previous: bytes = UNKNOWN) -> None:
        self.path = path
        self.previous = previous
        self.size = 0
        self.count = 0
        self.broken = False

    def append(self, kind: Kind, edit: Edit, sequence: int) -> None:
        """Returns when the record is on the disk; ProjectError when it is not."""
        record = encode(kind, edit, sequence, self.previous)
        self.broken = True  # whatever ends the writing early: then the next record begins a new file
        self.size = durable.append(self.path, record, at=self.size)
        self.broken = False
        self.count += 1
        self.previous = hashlib.sha256(record).digest()


def encode(kind: Kind, edit: Edit, sequence: int, previous: bytes = UNKNOWN) -> bytes:
    """The Edit as a record; arrays of one value cost one number."""
    if sequence <= 0:
        raise ValueError("sequence numbers begin at 1")
    constants: dict[str, int] = {}
    parts = [edit.packed.tobytes()]
    for name in ARRAYS:
        array: Bytes = getattr(edit, name)
        if array.size and (array.strides == (0,) or not np.any(array != array[0])):
            constants[name] = int(array[0])
        else:
            parts.append(array.tobytes())
    about = {
        "time": edit.time,
        "user": user(),
        "tool": edit.tool,
        "value": edit.value,
        "region": [edit.region.start, edit.region.stop],
        "count": edit.count,
        "constants": constants,
    }
    text = json.dumps(about, separators=(",", ":")).encode()
    payload = PREFIX.pack(previous, kind, len(text)) + text + zlib.compress(b"".join(parts), 1)
    checked = HEADER.pack(MAGIC, sequence, len(payload), 0)[:-4]
    return HEADER.pack(MAGIC, sequence, len(payload), zlib.crc32(payload, zlib.crc32(checked))) + payload


def read(path: Path) -> JournalContents:
    """All whole records from the start; never an error for what a crash can leave behind."""
    data = durable.read_bytes(path)
    entries: list[JournalEntry] = []
    at = 0
    while (entry := _record(data, at, path)) and (not entries or _follows(entries[-1], entry)):
        entries.append(entry)
        at += HEADER.size + len(entry.payload)
    torn = at < len(data)
    return JournalContents(tuple(entries), at, torn, _beyond(data, at + 1, path) if torn else 0)


def user() -> str:
    """The account's name, for the audit trail."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no account of that number, or no such module
        return ""


def _follows(before: JournalEntry, entry: JournalEntry) -> bool:
    return entry.sequence == before.sequence + 1 and entry.previous == before.digest


def _record(data: bytes, at: int, path: Path) -> JournalEntry | None:
    """The whole record at an offset, or None."""
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
    if kind not in set(Kind):
        return None
    return JournalEntry(Kind(kind), sequence, previous, hashlib.sha256(data[at:end]).digest(), path, payload)


def _beyond(data: bytes, start: int, path: Path) -> int:
    """The highest sequence of whole records behind a damaged one: work that was saved and cannot be put back in order."""
    highest, at, tries = 0, data.find(MAGIC, start), 0
    while at >= 0:
        tries += 1
        if tries > MOST_TRIES:
            raise _nonsense(path)
        if entry := _record(data, at, path):
            highest = max(highest, entry.sequence)
            at += HEADER.size + len(entry.payload) - 1
        at = data.find(MAGIC, at + 1)
    return highest


def _about(payload: bytes, path: Path) -> tuple[dict[str, Any], int]:
    """The JSON part and where the packed arrays begin."""
    _, _, length = PREFIX.unpack_from(payload)
    start = PREFIX.size + length
    try:
        about = json.loads(payload[PREFIX.size : start])
    except ValueError as error:
        raise _nonsense(path) from error
    if not isinstance(about, dict):
        raise _nonsense(path)
    return about, start


def _unpack(payload: bytes, path: Path) -> Edit:
    about, start = _about(payload, path)
    try:
        region = _region(about["region"])
        count, constants = int(about["count"]), {name: int(about["constants"][name]) for name in about["constants"]}
        packed_size = -(-region.size // 8)
        size = packed_size + count * sum(name not in constants for name in ARRAYS)
        if not 0 <= count <= region.size:
            raise ValueError("more voxels than the region has")
        raw = zlib.decompressobj().decompress(payload[start:], size + 1)
        if len(raw) != size:
            raise ValueError("arrays of another length")
        packed, rest = np.frombuffer(raw[:packed_size], np.uint8), np.frombuffer(raw[packed_size:], np.uint8)
        if int(np.unpackbits(packed, count=region.size).sum()) != count:
            raise ValueError("mask and values disagree")
        arrays = {}
        for name in ARRAYS:
            if name in constants:
                arrays[name] = constant(constants[name], count)
            else:
                arrays[name], rest = rest[:count], rest[count:]
        return Edit(region, packed, **arrays, tool=str(about["tool"]), value=int(about["value"]), time=float(about["time"]))
    except (KeyError, TypeError, ValueError, OverflowError, zlib.error) as error:
        raise _nonsense(path) from error


def _region(corners: Any) -> Region:
    """From JSON; ValueError unless it is a box with voxels in it."""
    (z0, y0, x0), (z1, y1, x1) = corners
    region = Region((int(z0), int(y0), int(x0)), (int(z1), int(y1), int(x1)))
    if region.empty or min(region.start) < 0:
        raise ValueError("not a region")
    return region


def _nonsense(path: Path) -> ProjectError:
    return ProjectError(path, "holds a stroke that makes no sense; it was not written by this program, or was changed.")
