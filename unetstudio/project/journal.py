"""The journal of a case: one record per Edit, appended and flushed before it counts as saved.

Undo and redo are records too: replaying all Edits in order gives the labels. An end mark follows the last record and is overwritten by
the next one: a file that was truncated, even between two records, has none. A newest file that is missing as a whole, or was restored
from an older copy, cannot be detected.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unetstudio.data.edit import Edit
from unetstudio.project import durable
from unetstudio.project.file_reading import read_bytes
from unetstudio.project.record import HEADER, MAGIC, UNKNOWN, Draft, JournalEntry, Kind, encode, malformed, parse_record

END_MAGIC = b"UJE\n"
END = struct.Struct("<4sQI")  # magic, number of the last change in the file, CRC-32 of the two
MOST_TRIES = 10_000
"""Largest number of record beginnings examined after damage; a file with more is malicious."""


@dataclass(frozen=True, eq=False, slots=True)
class JournalContents:
    """The contents of a journal file: its entries, and facts about any damage."""

    entries: tuple[JournalEntry, ...]
    valid_bytes: int
    torn: bool  # bytes follow that are no whole record, or the end mark is missing
    unreachable: int  # highest number of a change known to lie after the damage, 0 without one
    case: str = ""  # id of the case it was written for, "" if not stated
    name: str = ""  # of the file when it was written
    follows: bytes = UNKNOWN  # SHA-256 of the last change before its first record, if stated
    orphans: tuple[JournalEntry, ...] = ()  # whole records after the damage, whose predecessors are missing


class Journal:
    """A file to which only this program appends; after a failed write it is never used again, and a new file continues.

    `case` is the id of the case, `follows` the SHA-256 of the last change before it: the first record states both.
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
        """Append one record, as `append_all`; its number is `sequence`, and `more` joins its description."""
        return self.append_all([Draft(kind, edit, more or {})], sequence)[0]

    def append_all(self, drafts: Sequence[Draft], sequence: int) -> list[JournalEntry]:
        """Append records with one write and one flush, and return them once they are on the disk; raise ProjectError if that fails.

        `sequence` is the number of the first change among them.
        """
        data, previous, end = bytearray(), self.previous, self._end
        written: list[JournalEntry] = []
        for draft in drafts:
            head = self._head if not self.count and not written else {}
            record = encode(draft.kind, draft.edit, sequence, previous, {**draft.more, **head})
            digest = hashlib.sha256(record).digest()
            written.append(JournalEntry(draft.kind, sequence, previous, digest, self.path, record[HEADER.size :]))
            data += record
            previous = digest
            sequence += draft.kind.changes
            end = _end_mark(sequence - 1)
        self.failed = True  # until written: after any error the next record begins a new file
        self.size = durable.append(self.path, bytes(data) + end, at=self.size, over=self._end)
        self.failed = False
        self.count += len(written)
        self.previous, self._end = previous, end
        return written


def read(path: Path) -> JournalContents:
    """Read all whole records from the start; raise no error for anything that a crash can leave.

    Bytes between two consecutive records, such as a record written twice, are skipped.
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
    """Yield whole records after a damaged one, with their offsets."""
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
    """Return the change number in the end mark at an offset, or None."""
    if at < 0 or len(data) < at + END.size:
        return None
    magic, last_change, crc = END.unpack_from(data, at)
    return last_change if magic == END_MAGIC and crc == zlib.crc32(data[at : at + END.size - 4]) else None


def _ended(data: bytes, at: int, entries: list[JournalEntry]) -> bool:
    """Whether the end mark of the last entry is at an offset, followed by nothing but zeros."""
    return bool(entries) and _marked(data, at) == entries[-1].last_change and not data[at + END.size :].strip(b"\0")


def _head(entry: JournalEntry) -> tuple[str, str, bytes] | None:
    """Return case, file name and preceding change from a file's first record; None for an older program's file without end marks."""
    head = entry.description.get("journal")
    if head is None:
        return None
    try:
        follows = bytes.fromhex(head["follows"])
        return str(head["case"]), str(head.get("name", "")), follows if len(follows) == len(UNKNOWN) else UNKNOWN
    except (KeyError, TypeError, ValueError) as error:
        raise malformed(entry.path) from error
