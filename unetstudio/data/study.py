"""The live training study: cases with their label maps, to which the window's Edits are applied while a learner is training."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Case
from unetstudio.data.classes import ClassTable
from unetstudio.data.edit import Bytes, Edit
from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.origin import HELD_OUT
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan

CACHE_BYTES = 2 * 2**30
"""Bytes of scans cached in memory; the last one used is always kept."""

Counts = NDArray[np.int64]


@dataclass(eq=False)
class StudyCase:
    """A case, the function that reads its scan, and its labels (None until the first Edit).

    `sequence` is the journal's number of the last Edit in `labels`; `revision` counts the Edits applied here.
    """

    case: Case
    load: Callable[[], Scan]
    labels: LabelMap | None = None
    sequence: int = 0
    revision: int = 0
    counts: Counts = field(init=False)  # (2, 256): voxels per value, for training and held out

    def __post_init__(self) -> None:
        self.counts = np.zeros((2, 256), np.int64)
        if self.labels is not None:
            self.counts += _count(self.labels.values.reshape(-1), self.labels.origin.reshape(-1))

    @property
    def annotated(self) -> int:
        """Number of labelled voxels, including held-out ones."""
        return int(self.counts[:, :UNLABELLED].sum())

    def apply(self, edit: Edit) -> Region:
        """Replay an Edit and return its region."""
        if self.labels is None:
            self.labels = LabelMap.unlabelled(self.case.shape)
            self.counts[0, UNLABELLED] = self.labels.values.size
        self.counts += _count(edit.after, edit.after_origin) - _count(edit.before, edit.before_origin)
        self.revision += 1
        return self.labels.apply(edit)


class Study:
    """The classes and cases in project order. `revision` changes whenever labels, classes or cases do."""

    def __init__(self, classes: ClassTable, cases: Iterable[StudyCase] = (), *, cache_bytes: int = CACHE_BYTES) -> None:
        self.classes = classes
        self.revision = 0
        self._cases = {member.case.id: member for member in cases}
        self._excluded: dict[str, tuple[float, int]] = {}  # signatures of the unreadable files by case
        self._scans: OrderedDict[str, Scan] = OrderedDict()
        self._cache_bytes = cache_bytes

    @property
    def cases(self) -> dict[str, StudyCase]:
        """The cases by id."""
        return self._cases

    def set_cases(self, cases: Iterable[StudyCase]) -> None:
        """Replace the cases; one with the same id keeps its labels, and its scan unless its file changed."""
        before = [(id, member.case.source) for id, member in self._cases.items()]
        fresh: dict[str, StudyCase] = {}
        for new in cases:
            old = self._cases.get(new.case.id)
            if old is None:
                fresh[new.case.id] = new
                continue
            if (old.case.source, old.case.sha256) != (new.case.source, new.case.sha256):
                self._scans.pop(new.case.id, None)
                self._excluded.pop(new.case.id, None)
                old.load = new.load
            old.case = new.case
            fresh[new.case.id] = old
        for removed in self._cases.keys() - fresh.keys():
            self._scans.pop(removed, None)
            self._excluded.pop(removed, None)
        self._cases = fresh
        if before != [(id, member.case.source) for id, member in fresh.items()]:  # names and review states do not matter for training
            self.revision += 1

    def set_classes(self, classes: ClassTable) -> None:
        """Replace the class table; voxels of classes that are not in it count as not annotated."""
        self.classes = classes
        self.revision += 1

    def apply(self, case_id: str, sequence: int, edit: Edit) -> Region | None:
        """Replay an Edit of the window; None when the labels have it or its case was removed. Sequence 0 is always replayed."""
        member = self._cases.get(case_id)
        if member is None or 0 < sequence <= member.sequence:
            return None
        member.sequence = max(member.sequence, sequence)
        self.revision += 1
        return member.apply(edit)

    def scan(self, case_id: str) -> Scan:
        """Return a case's scan, cached or read; raise FormatError when its file cannot be read, KeyError for an unknown case."""
        if case_id in self._scans:
            self._scans.move_to_end(case_id)
            return self._scans[case_id]
        scan = self._cases[case_id].load()
        self._scans[case_id] = scan
        while len(self._scans) > 1 and sum(cached.voxels.nbytes for cached in self._scans.values()) > self._cache_bytes:
            self._scans.popitem(last=False)
        return scan

    def exclude(self, case_id: str) -> None:
        """Exclude a case whose image cannot be read from training, until `readmit` finds another file there."""
        if case_id in self._cases and case_id not in self._excluded:
            self._excluded[case_id] = _signature(self._cases[case_id].case.source.path)
            self._scans.pop(case_id, None)
            self.revision += 1

    def readmit(self, *, all: bool = False) -> list[str]:
        """Readmit excluded cases whose file has changed or reappeared, or all of them, and return their ids."""
        returned = [id for id, was in self._excluded.items() if all or _signature(self._cases[id].case.source.path) != was]
        for id in returned:
            del self._excluded[id]
        self.revision += bool(returned)
        return returned

    @property
    def excluded(self) -> list[str]:
        """The ids of the cases whose image could not be read."""
        return list(self._excluded)

    def labelled(self) -> list[str]:
        """Return the ids of the cases with at least one voxel of a class in the table, in project order, without excluded ones."""
        values = list(self.classes.values)
        return [id for id, member in self._cases.items() if id not in self._excluded and member.counts[:, values].any()]

    def counts(self) -> dict[int, tuple[int, int]]:
        """Count the training voxels and the held-out voxels by class value."""
        included = (member.counts for id, member in self._cases.items() if id not in self._excluded)
        total = sum(included, np.zeros((2, 256), np.int64))
        return {value: (int(total[0, value]), int(total[1, value])) for value in self.classes.values}

    def reason_to_wait(self) -> str | None:
        """Return a sentence that says why training cannot begin yet; None when it can."""
        if not self._cases:
            return "Open an image to begin."
        if len(self.classes) < 2:
            return "Add a second class to begin."
        painted = sum(train > 0 for train, _ in self.counts().values())
        if painted < 2 and any(self._cases[id].annotated for id in self._excluded):
            return "Images that carry strokes cannot be read: bring their files back, or relink them."
        if painted == 0:
            return "Paint a stroke of each class to begin."
        return "Paint a second class to begin." if painted == 1 else None


def _signature(path: Path) -> tuple[float, int]:
    """Return a file's modification time and size, by which a change is noticed; the same for every missing file."""
    try:
        status = path.stat()
    except OSError:
        return (-1.0, -1)
    return (status.st_mtime, status.st_size)


def _count(values: Bytes, origin: Bytes) -> Counts:
    """Count the voxels of each value: (2, 256) int64, held-out ones in the second row."""
    held_out = (origin & HELD_OUT) != 0
    if not held_out.any():
        return np.stack([np.bincount(values, minlength=256), np.zeros(256, np.int64)])
    return np.stack([np.bincount(values[~held_out], minlength=256), np.bincount(values[held_out], minlength=256)])
