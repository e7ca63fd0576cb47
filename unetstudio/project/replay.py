"""Replay of a journal's entries into labels, and into the undo history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from unetstudio.data.classes_edit import ClassesEdit
from unetstudio.data.edit import Edit
from unetstudio.data.history import BYTES, History
from unetstudio.data.labels import LabelMap
from unetstudio.data.region import Index, Region
from unetstudio.errors import ProjectError
from unetstudio.project.record import JournalEntry, Kind

LARGE = 2**24
"""Voxels above which counting those of each stroke is faster than counting all once."""

_WITH_VOXELS = frozenset({Kind.EDIT, Kind.UNDO, Kind.REDO, Kind.PARTIAL})


def require_inside(entries: Iterable[JournalEntry], shape: Index) -> None:
    """Raise ProjectError when a record's region is outside the scan; nothing is unpacked, so that memory stays bounded."""
    for entry in entries:
        try:
            low, high = entry.description["region"] if entry.kind in _WITH_VOXELS else ((0, 0, 0), shape)
            inside = len(low) == len(high) == 3 and all(0 <= a < b <= c for a, b, c in zip(low, high, shape, strict=True))
        except (KeyError, TypeError, ValueError) as error:
            raise _outside(entry) from error
        if not inside:
            raise _outside(entry)


def replay(labels: LabelMap, entries: Iterable[JournalEntry]) -> LabelMap:
    """Apply all entries to the labels and return them with updated counts; raise ProjectError for one outside the scan."""
    values, origin = labels.values, labels.origin
    for entry in entries:
        before, after = entry.write_into(values, origin)
        if values.size > LARGE:
            labels.recount(before, after)
    return labels if values.size > LARGE else LabelMap(values, origin)


def merge_parts(labels: LabelMap, parts: Sequence[JournalEntry]) -> Edit:
    """Merge the parts of a stroke, at least one, into one Edit and apply it to `labels`, which contain none of them."""
    edits = [entry.edit for entry in parts]
    box = edits[0].region
    for entry, edit in zip(parts, edits, strict=True):
        if edit.region & Region.whole(labels.shape) != edit.region:
            raise _outside(entry)
        box |= edit.region
    mask = np.zeros(box.shape, np.bool_)
    values, origin = labels.values[box.slices].copy(), labels.origin[box.slices].copy()
    after, after_origin = values.copy(), origin.copy()
    for edit in edits:
        inside, place = edit.mask, edit.region.within(box)
        mask[place] |= inside
        after[place][inside] = edit.after
        after_origin[place][inside] = edit.after_origin
    last = edits[-1]
    whole = Edit.of(
        box, mask, values[mask], after[mask], origin[mask], after_origin[mask], tool=last.tool, value=last.value, time=last.time
    )
    labels.apply(whole)
    return whole


def history(entries: Iterable[JournalEntry], bytes_kept: int = BYTES) -> History[Edit | ClassesEdit]:
    """Rebuild the undo history as after the last entry; Edits too old for `bytes_kept` are not unpacked."""
    done: list[tuple[JournalEntry, bool]] = []  # the entry that made the change, and whether it must be inverted
    undone: list[tuple[JournalEntry, bool]] = []
    for entry in entries:
        match entry.kind:
            case Kind.EDIT:
                undone.clear()
                done.append((entry, False))
            case Kind.UNDO:
                undone.append(done.pop() if done else (entry, True))
            case Kind.REDO:
                done.append(undone.pop() if undone else (entry, False))
    changes: list[Edit] = []
    size = 0
    for entry, inverted in [*undone, *reversed(done)]:  # newest first
        change = entry.edit.inverse() if inverted else entry.edit
        size += change.nbytes
        if size > bytes_kept and changes:
            break
        changes.append(change)
    restored: History[Edit | ClassesEdit] = History(bytes_kept)
    for change in reversed(changes):
        restored.push(change)
    for _ in undone:
        restored.undo()
    return restored


def _outside(entry: JournalEntry) -> ProjectError:
    return ProjectError(entry.path, "holds a stroke outside the scan; it belongs to another image.")
