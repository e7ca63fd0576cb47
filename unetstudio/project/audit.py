"""The audit trail of a case, read from all its journals: every change, its author and time, and whether the hash chain is intact.

Each record holds the SHA-256 of the one before it. That reveals records that are missing, damaged or changed by hand, but not a forger
who rewrites all later records, nor a whole folder restored from an older copy. Names are those typed, or the account's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from unetstudio.data.labels import UNLABELLED
from unetstudio.data.origin import SOURCE, Origin
from unetstudio.data.region import Index, Region
from unetstudio.errors import ProjectError
from unetstudio.project import file_listing
from unetstudio.project.chain import chain
from unetstudio.project.generations import PAST
from unetstudio.project.journal import JournalContents, read
from unetstudio.project.os_errors import MissingError
from unetstudio.project.record import UNKNOWN, JournalEntry, Kind
from unetstudio.project.recovery import JOURNAL

TRIES = 5
"""Number of attempts to read a case's journals while another program is moving old ones aside."""


@dataclass(frozen=True)
class AuditLine:
    """A record. `value` and `origin` are those of the voxels it changed, or of the voxel whose history was requested."""

    when: datetime  # UTC
    user: str  # the account
    author: str  # the typed name, "" without one
    tool: str
    value: int  # class value; UNLABELLED for erasing, several classes and events without voxels
    kind: Kind
    region: Region | None
    count: int  # voxels
    sequence: int
    chain_ok: bool  # the record before it exists and has the stated digest
    origin: Origin | None = None  # None where several are, and for events without voxels
    details: Mapping[str, Any] = field(default_factory=dict)  # of a note

    @property
    def event(self) -> str:
        """The event in one word: "edit", "undo", "redo", "cancel", or that of a note."""
        return str(self.details.get("event", "note")) if self.kind is Kind.NOTE else self.kind.name.lower()


def audit_trail(folder: Path) -> Iterator[AuditLine]:
    """Yield the audit trail of the case in a folder, oldest first; parts of strokes are left out, since the strokes contain them."""
    for entry, chain_ok in _records(folder):
        yield _line(entry, chain_ok)


def voxel_history(folder: Path, voxel: Index) -> list[AuditLine]:
    """Return the records that changed a voxel (z, y, x), newest first, with the class and origin it was given each time."""
    lines = []
    for entry, chain_ok in _records(folder, voxel):
        if entry.kind.changes and (given := _given(entry, voxel)):
            lines.append(replace(_line(entry, chain_ok), value=given[0], origin=given[1]))
    return lines[::-1]


def _records(folder: Path, voxel: Index | None = None) -> Iterator[tuple[JournalEntry, bool]]:
    """Yield valid records, and those after damage, without parts of strokes, each with whether the chain up to it is intact.

    Only records that may have changed `voxel` keep their arrays.
    """
    contents = _contents(folder, voxel)
    links = chain(replace(c, entries=(*c.entries, *c.orphans)) for c in contents if c.case in ("", folder.name))
    before: JournalEntry | None = None
    whole = True  # since the last yielded record
    for place, entry in enumerate(links.entries):
        if before is None:
            chain_ok = entry.previous == UNKNOWN and entry.sequence == 1
        elif entry.path == before.path:
            chain_ok = entry.previous == before.digest
        else:
            chain_ok = place not in links.breaks and entry.previous != UNKNOWN and entry.sequence == before.last_change + 1
        before, whole = entry, whole and chain_ok
        if entry.kind is not Kind.PARTIAL:
            yield entry, whole
            whole = True


def _contents(folder: Path, voxel: Index | None) -> list[JournalContents]:
    """Read all journals, oldest first; try again when one was moved between the listing and the reading."""
    for _ in range(TRIES):
        files = [file for place in (folder, folder / PAST) for file in file_listing.list_folder(place)]
        numbered = sorted((int(m[1]), int(m[2] or 0), file) for file in files if (m := JOURNAL.fullmatch(file.name)))
        with contextlib.suppress(MissingError):
            return [_slim(read(file), voxel) for _, _, file in numbered]
    raise ProjectError(folder, "is being saved by another program; ask once more in a moment.")


def _slim(contents: JournalContents, voxel: Index | None) -> JournalContents:
    """Drop arrays that are not needed: a trail may be larger than memory."""

    def slim(entry: JournalEntry) -> JournalEntry:
        return entry if voxel is not None and entry.kind.changes and _holds(_region(entry), voxel) else entry.without_arrays

    return replace(contents, entries=tuple(map(slim, contents.entries)), orphans=tuple(map(slim, contents.orphans)))


def _line(entry: JournalEntry, chain_ok: bool) -> AuditLine:
    description = entry.description
    try:
        given = description.get("constants", {}).get("after_origin")
        return AuditLine(
            when=datetime.fromtimestamp(float(description["time"]), UTC),
            user=str(description.get("user", "")),
            author=str(description.get("author", "")),
            tool=str(description.get("tool", "")),
            value=int(description.get("value", UNLABELLED)),
            kind=entry.kind,
            region=_region(entry),
            count=int(description.get("count", 0)),
            sequence=entry.sequence,
            chain_ok=chain_ok,
            origin=None if given is None else _origin(int(given)),
            details=dict(description.get("note", {})),
        )
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, OSError) as error:
        raise ProjectError(entry.path, "holds a record that makes no sense; it was not written by this program, or was changed.") from error


def _region(entry: JournalEntry) -> Region | None:
    """Return the box of an entry's voxels, as its description states."""
    corners = entry.description.get("region")
    try:
        (z0, y0, x0), (z1, y1, x1) = corners or ((0, 0, 0), (0, 0, 0))
        return Region((int(z0), int(y0), int(x0)), (int(z1), int(y1), int(x1))) if corners else None
    except (TypeError, ValueError) as error:
        raise ProjectError(entry.path, "holds a record that makes no sense; it was not written by this program, or was changed.") from error


def _holds(region: Region | None, voxel: Index) -> bool:
    return region is not None and all(a <= at < b for a, at, b in zip(region.start, voxel, region.stop, strict=True))


def _given(entry: JournalEntry, voxel: Index) -> tuple[int, Origin | None] | None:
    """Return the value and origin that a change gave a voxel; None when it did not change it."""
    if not _holds(_region(entry), voxel):
        return None
    edit = entry.edit
    mask, (z, y, x) = edit.mask, (at - start for at, start in zip(voxel, edit.region.start, strict=True))
    if not mask[z, y, x]:
        return None
    place = int(np.count_nonzero(mask[:z])) + int(np.count_nonzero(mask[z, :y])) + int(np.count_nonzero(mask[z, y, :x]))
    return int(edit.after[place]), _origin(int(edit.after_origin[place]))


def _origin(value: int) -> Origin | None:
    return Origin(value & SOURCE) if value & SOURCE in set(Origin) else None
