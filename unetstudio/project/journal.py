"""The journal of a case: one record per Edit, appended and flushed before anything is called saved.

A record is magic, sequence, length, CRC-32 and payload; the payload holds the SHA-256 of the record before it, the kind, a JSON
description (time, user, tool, class, region) and the zlib-packed mask and values. Sequence and length are never zero, so that the zeros a
power cut leaves are no record. Undo and redo are records too: replaying all Edits in order gives the labels.

Behind the last record stands an end mark, which the next record is written over: a file that was cut, also exactly between two records,
has none. What cannot be noticed is a whole folder that was put back as it stood some time ago.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import struct
import time as clock
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from unetstudio.data.edit import Bytes, Edit, constant
from unetstudio.data.region import Region
from unetstudio.errors import ProjectError
from unetstudio.project import durable

MAGIC = b"UJ1\n"
HEADER = struct.Struct("<4sQQI")  # magic, sequence, payload length, CRC-32 of the three and the payload
PREFIX = struct.Struct("<32sBI")  # SHA-256 of the record before, kind, length of the JSON
END_MAGIC = b"UJE\n"
END = struct.Struct("<4sQI")  # magic, number of the last change in the file, CRC-32 of the two
UNKNOWN = bytes(32)
"""Stands for the record before when there is none, or it is not known."""
MOST_PACKED = 1040
"""zlib packs nothing closer than 1032 to 1."""
LARGE = 64 * 2**20
"""Bytes that are unpacked without asking for memory."""
MOST_TRIES = 10_000
"""Record beginnings looked at behind damage; a file that holds more was made to keep us busy."""
ARRAYS = ("before", "after", "before_origin", "after_origin")


class Kind(IntEnum):
    """What a record tells. EDIT, UNDO and REDO change the labels; the others stand beside them and have no number of their own."""

    EDIT = 1
    UNDO = 2
    REDO = 3
    PARTIAL = 4  # what the stroke in hand changed since its last part; void once its EDIT or a CANCEL follows
    CANCEL = 5  # the stroke in hand was taken back
    NOTE = 6  # an event without voxels, for the audit trail

    @property
    def changes(self) -> bool:
        """Whether it is a change of the labels, which counts."""
        return self <= Kind.REDO


@dataclass(frozen=True, eq=False, slots=True)
class JournalEntry:
    """One record; its Edit is unpacked each time it is asked for, so that a long history stays small."""

    kind: Kind
    sequence: int  # its number; of a record that changes nothing, the number that the next change will have
    previous: bytes  # SHA-256 of the record before
    digest: bytes  # SHA-256 of this one
    path: Path
    payload: bytes

    @property
    def edit(self) -> Edit:
        """As it was applied: for an undo, the inverse of what was undone. ProjectError when the record makes no sense."""
        return _unpack(self.payload, self.path)

    def write_into(self, values: Bytes, origin: Bytes) -> tuple[Bytes, Bytes]:
        """Gives the voxels of a label map (Z, Y, X) their new values, without the toil of making an Edit; returns the old and new ones.

        ProjectError when the record makes no sense, or lies outside.
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
    def about(self) -> dict[str, Any]:
        """Time, user, tool, class value, region: the audit trail's line."""
        return _about(self.payload, self.path)[0]

    @property
    def without_arrays(self) -> JournalEntry:
        """The same with its description alone, for which `edit` is an error."""
        return replace(self, payload=self.payload[: _about(self.payload, self.path)[1]])

    @property
    def last_change(self) -> int:
        """The number of the last change up to this record."""
        return self.sequence if self.kind.changes else self.sequence - 1


@dataclass(frozen=True, eq=False, slots=True)
class JournalContents:
    """What a journal file holds: the entries up to the first that is not whole."""

    entries: tuple[JournalEntry, ...]
    valid_bytes: int
    torn: bool  # bytes follow that are no whole record, or the end is missing
    beyond: int  # highest number of a change known to have stood behind the damage, 0 when none is
    case: str = ""  # id of the case it was written for, "" when it does not say
    name: str = ""  # that the file had when it was written
    follows: bytes = UNKNOWN  # SHA-256 of the last change before its first record, as far as it says
    behind: tuple[JournalEntry, ...] = ()  # whole records behind the damage, which nothing leads to


class Journal:
    """A file to which this program alone appends; after a refusal it is closed for good and another file goes on.

    `case` is the id of the case, `follows` the SHA-256 of the last change before: the first record carries both.
    """

    def __init__(self, path: Path, previous: bytes = UNKNOWN, *, case: str = "", follows: bytes = UNKNOWN) -> None:
        self.path = path
        self.previous = previous
        self.size = 0
        self.count = 0
        self.broken = False
        self._head = {"journal": {"case": case, "name": path.name, "follows": follows.hex()}}
        self._end = b""

    def append(self, kind: Kind, edit: Edit | None, sequence: int, more: Mapping[str, Any] | None = None) -> JournalEntry:
        """Returns the record when it is on the disk; ProjectError when it is not. `more` joins its description."""
        record = encode(kind, edit, sequence, self.previous, {**(more or {}), **({} if self.count else self._head)})
        end = _end_mark(sequence if kind.changes else sequence - 1)
        self.broken = True  # whatever ends the writing early: then the next record begins a new file
        self.size = durable.append(self.path, record + end, at=self.size, over=self._end)
        self.broken = False
        self.count += 1
        written = JournalEntry(kind, sequence, self.previous, hashlib.sha256(record).digest(), self.path, record[HEADER.size :])
        self.previous, self._end = written.digest, end
        return written


def encode(kind: Kind, edit: Edit | None, sequence: int, previous: bytes = UNKNOWN, more: Mapping[str, Any] | None = None) -> bytes:
    """The Edit, or without one an event, as a record; arrays of one value cost one number."""
    if sequence <= 0:
        raise ValueError("sequence numbers begin at 1")
    about: dict[str, Any] = {"user": user(), **(more or {})}
    packed = b""
    if edit is None:
        about.setdefault("time", clock.time())
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
        about |= {"time": edit.time, "tool": edit.tool, "value": edit.value, "region": region, "count": edit.count, "constants": constants}
        packed = zlib.compress(b"".join(parts), 1)
    text = json.dumps(about, separators=(",", ":")).encode()
    payload = PREFIX.pack(previous, kind, len(text)) + text + packed
    checked = HEADER.pack(MAGIC, sequence, len(payload), 0)[:-4]
    return HEADER.pack(MAGIC, sequence, len(payload), zlib.crc32(payload, zlib.crc32(checked))) + payload


def read(path: Path) -> JournalContents:
    """All whole records from the start; never an error for what a crash can leave behind.

    What stands between two records that name each other, such as a record written twice, is passed over.
    """
    data = durable.read_bytes(path)
    entries: list[JournalEntry] = []
    at = 0
    while (entry := _record(data, at, path)) and (not entries or _follows(entries[-1], entry)):
        entries.append(entry)
        at += HEADER.size + len(entry.payload)
    head = _head(entries[0]) if entries else None
    if 0 < at == len(data) if head is None else _ended(data, at, entries):
        return JournalContents(tuple(entries), len(data), False, 0, *(head or ()))
    ended = _marked(data, len(data) - END.size) or 0
    behind: list[JournalEntry] = []
    for place, entry in _behind(data, at + 1, path):
        if entries and _follows(entries[-1], entry):
            entries.append(entry)
            at = place + HEADER.size + len(entry.payload)
        else:
            behind.append(entry)
    known = {entry.digest for entry in entries}
    behind = [entry for entry in behind if entry.digest not in known]
    beyond = max(ended, *(entry.last_change for entry in behind), 0)
    last = entries[-1].last_change if entries else 0
    whole = 0 < at == len(data) if head is None else _ended(data, at, entries)
    return JournalContents(
        tuple(entries),
        len(data) if whole else at,
        not whole,
        beyond if beyond > last else 0,
        *(head or ("", "", UNKNOWN)),
        tuple(behind),
    )


def user() -> str:
    """The account's name, for the audit trail."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no account of that number, or no such module
        return ""


def _follows(before: JournalEntry, entry: JournalEntry) -> bool:
    return entry.sequence == before.last_change + 1 and entry.previous == before.digest


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
    if not Kind.EDIT <= kind <= Kind.NOTE:
        return None
    return JournalEntry(Kind(kind), sequence, previous, hashlib.sha256(data[at:end]).digest(), path, payload)


def _behind(data: bytes, start: int, path: Path) -> Iterator[tuple[int, JournalEntry]]:
    """Whole records behind a damaged one, with their offsets."""
    at, tries = data.find(MAGIC, start), 0
    while at >= 0:
        tries += 1
        if tries > MOST_TRIES:
            raise _nonsense(path)
        if entry := _record(data, at, path):
            yield at, entry
            at += HEADER.size + len(entry.payload) - 1
        at = data.find(MAGIC, at + 1)


def _end_mark(last_change: int) -> bytes:
    return END.pack(END_MAGIC, last_change, zlib.crc32(END.pack(END_MAGIC, last_change, 0)[:-4]))


def _marked(data: bytes, at: int) -> int | None:
    """The number in the end mark at an offset, or None."""
    if at < 0 or len(data) < at + END.size:
        return None
    magic, last_change, crc = END.unpack_from(data, at)
    return last_change if magic == END_MAGIC and crc == zlib.crc32(data[at : at + END.size - 4]) else None


def _ended(data: bytes, at: int, entries: list[JournalEntry]) -> bool:
    """Whether the end mark of the last entry stands at an offset, and nothing but zeros behind it."""
    return bool(entries) and _marked(data, at) == entries[-1].last_change and not data[at + END.size :].strip(b"\0")


def _head(entry: JournalEntry) -> tuple[str, str, bytes] | None:
    """Case, name of the file and last change before, from a file's first record; None from an earlier program, which set no end marks."""
    head = entry.about.get("journal")
    if head is None:
        return None
    try:
        follows = bytes.fromhex(head["follows"])
        return str(head["case"]), str(head.get("name", "")), follows if len(follows) == len(UNKNOWN) else UNKNOWN
    except (KeyError, TypeError, ValueError) as error:
        raise _nonsense(entry.path) from error


def _about(payload: bytes, path: Path) -> tuple[dict[str, Any], int]:
    """The JSON part and where the packed arrays begin."""
    _, _, length = PREFIX.unpack_from(payload)
    start = PREFIX.size + length
    try:
        about = json.loads(payload[PREFIX.size : start])
    except (ValueError, RecursionError) as error:
        raise _nonsense(path) from error
    if not isinstance(about, dict):
        raise _nonsense(path)
    return about, start


def _unpack(payload: bytes, path: Path) -> Edit:
    region, packed, arrays, about = _fields(payload, path)
    try:
        whole = {name: constant(array, int(about["count"])) if isinstance(array, int) else array for name, array in arrays.items()}
        return Edit(region, packed, **whole, tool=str(about["tool"]), value=int(about["value"]), time=float(about["time"]))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise _nonsense(path) from error


def _fields(payload: bytes, path: Path) -> tuple[Region, Bytes, dict[str, Bytes | int], dict[str, Any]]:
    """Region, packed mask, the four arrays (a constant one as its value) and the description; ProjectError when they make no sense."""
    about, start = _about(payload, path)
    try:
        region = _region(about["region"])
        count, constants = int(about["count"]), {name: int(value) for name, value in about["constants"].items()}
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
        return region, packed, arrays, about
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
