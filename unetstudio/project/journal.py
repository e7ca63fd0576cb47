"""The journal of a case: one record per Edit, appended and flushed before anything is called saved.

Undo and redo are records too: replaying all Edits in order gives the labels. Behind the last record stands an end mark, which the next
record is written over: a file that was cut, also exactly between two records, has none. What cannot be noticed is a newest file that is
gone as a whole, or was put back as it stood some time ago.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unetstudio.data.edit import Edit
from unetstudio.project import durable
from unetstudio.project.file_reading import read_bytes
from unetstudio.project.record import HEADER, MAGIC, UNKNOWN, JournalEntry, Kind, encode, malformed, parse_record

END_MAGIC = b"UJE\n"
END = struct.Struct("<4sQI")  # magic, number of the last change in the file, CRC-32 of the two
MOST_TRIES = 10_000
"""Record beginnings examined behind damage; a file that holds more was made to keep us busy."""


@dataclass(frozen=True, eq=False, slots=True)
class JournalContents:
    """The contents of a journal file: the entries up to the first that is not whole, and what is known of the rest."""

    entries: tuple[JournalEntry, ...]
    valid_bytes: int
    torn: bool  # bytes follow that are no whole record, or the end is missing
    unreachable: int  # highest number of a change known to have stood behind the damage, 0 when none is
    case: str = ""  # id of the case it was written for, "" when it does not say
    name: str = ""  # that the file had when it was written
    follows: bytes = UNKNOWN  # SHA-256 of the last change before its first record, as far as it says
    orphans: tuple[JournalEntry, ...] = ()  # whole records behind the damage, which nothing leads to


class Journal:
    """A file to which this program alone appends; after a refusal it is closed for good and another file goes on.

    `case` is the id of the case, `follows` the SHA-256 of the last change before: the first record carries both.
    """

    def __init__(self, path: Path, previous: bytes = UNKNOWN, *, case: str = "", follows: bytes = UNKNOWN) -> None:
        self.path = path
        self.previous = previous
        self.size = 0
        self.count = 0
        self.failed = False
        self._head = {"journal": {"case": case, "name": path.name, "follows": follows.hex()}}
        self._end = b""

    def append(self, kind: Kind, edit: Edit | None, sequence: int, more: Mapping[str, Any] | None = None) -> JournalEntry:
        """Append a record and return it when it is on the disk; ProjectError when it is not. `more` joins its description."""
        record = encode(kind, edit, sequence, self.previous, {**(more or {}), **({} if self.count else self._head)})
        end = _end_mark(sequence if kind.changes else sequence - 1)
        self.failed = True  # whatever ends the writing early: then the next record begins a new file
        self.size = durable.append(self.path, record + end, at=self.size, over=self._end)
        self.failed = False
        self.count += 1
        written = JournalEntry(kind, sequence, self.previous, hashlib.sha256(record).digest(), self.path, record[HEADER.size :])
        self.previous, self._end = written.digest, end
        return written


def read(path: Path) -> JournalContents:
    """Read all whole records from the start; never an error for what a crash can leave behind.

    Bytes between two records that name each other, such as a record written twice, are skipped.
    """
    data = read_bytes(path)
    entries: list[JournalEntry] = []
    at = 0
    while (entry := parse_record(data, at, path)) and (not entries or _follows(entries[-1], entry)):
        entries.append(entry)
        at += HEADER.size + len(entry.payload)
    head = _head(entries[0]) if entries else None
    if 0 < at == len(data) if head is None else _ended(data, at, entries):
        return JournalContents(tuple(entries), len(data), False, 0, *(head or ()))
    ended = _marked(data, len(data) - END.size) or 0
    orphans: list[JournalEntry] = []
    for place, entry in _records_after(data, at + 1, path):
        if entries and _follows(entries[-1], entry):
            entries.append(entry)
            at = place + HEADER.size + len(entry.payload)
        else:
            orphans.append(entry)
    digests = {entry.digest for entry in entries}
    orphans = [entry for entry in orphans if entry.digest not in digests]
    unreachable = max(ended, *(entry.last_change for entry in orphans), 0)
    last = entries[-1].last_change if entries else 0
    whole = 0 < at == len(data) if head is None else _ended(data, at, entries)
    return JournalContents(
        tuple(entries),
        len(data) if whole else at,
        not whole,
        unreachable if unreachable > last else 0,
        *(head or ("", "", UNKNOWN)),
        tuple(orphans),
    )


def _follows(before: JournalEntry, entry: JournalEntry) -> bool:
    return entry.sequence == before.last_change + 1 and entry.previous == before.digest


def _records_after(data: bytes, start: int, path: Path) -> Iterator[tuple[int, JournalEntry]]:
    """Yield whole records behind a damaged one, with their offsets."""
    at, tries = data.find(MAGIC, start), 0
    while at >= 0:
        tries += 1
        if tries > MOST_TRIES:
            raise malformed(path)
        if entry := parse_record(data, at, path):
            yield at, entry
            at += HEADER.size + len(entry.payload) - 1
        at = data.find(MAGIC, at + 1)


def _end_mark(last_change: int) -> bytes:
    return END.pack(END_MAGIC, last_change, zlib.crc32(END.pack(END_MAGIC, last_change, 0)[:-4]))


def _marked(data: bytes, at: int) -> int | None:
    """Return the number in the end mark at an offset, or None."""
    if at < 0 or len(data) < at + END.size:
        return None
    magic, last_change, crc = END.unpack_from(data, at)
    return last_change if magic == END_MAGIC and crc == zlib.crc32(data[at : at + END.size - 4]) else None


def _ended(data: bytes, at: int, entries: list[JournalEntry]) -> bool:
    """Whether the end mark of the last entry stands at an offset, and nothing but zeros behind it."""
    return bool(entries) and _marked(data, at) == entries[-1].last_change and not data[at + END.size :].strip(b"\0")


def _head(entry: JournalEntry) -> tuple[str, str, bytes] | None:
    """Return case, file name and last change before, from a file's first record; None from an earlier program, which set no end marks."""
    head = entry.description.get("journal")
    if head is None:
        return None
    try:
        follows = bytes.fromhex(head["follows"])
        return str(head["case"]), str(head.get("name", "")), follows if len(follows) == len(UNKNOWN) else UNKNOWN
    except (KeyError, TypeError, ValueError) as error:
        raise malformed(entry.path) from error
