"""Generations of a case's labels on disk: writing of the next one and pruning of older ones.

`labels-<n>.h5` is never changed once named. The last three generations and their journals stay, so that damage to one costs nothing and
undo reaches back over restarts; so does the last of each day of the past week. Older journals move to `past/`: they are the audit trail.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from unetstudio.data.edit import Edit
from unetstudio.data.labels import LabelMap
from unetstudio.data.region import Index
from unetstudio.errors import ProjectError
from unetstudio.project import labels_file
from unetstudio.project.durable import write_bytes
from unetstudio.project.file_listing import exists, list_folder, modified_at
from unetstudio.project.file_reading import read_bytes
from unetstudio.project.folders import make_folder, remove
from unetstudio.project.label_blocks import blocks_of
from unetstudio.project.record import JournalEntry
from unetstudio.project.recovery import JOURNAL, LABELS, RecoveredCase, generation

GENERATIONS = 3
DAYS, DAY = 7, 86_400.0
PAST = "past"

_NUMBER = re.compile(r"(?:labels|strokes)-(\d+)\b.*")


class Generations:
    """The generations in a case's folder; `case` is the case's id, which each file states."""

    def __init__(self, folder: Path, case: str) -> None:
        self.number = 0
        """The number of the newest generation, or of a newer journal."""
        self.sequence = 0
        """The number of the last change in the newest generation."""
        self._folder, self._case = folder, case
        self._newest: Path | None = None  # the generation from which unchanged blocks are taken
        self._shape: Index | None = None
        self._blocks: set[Index] = set()  # changed since then
        self._pending: Sequence[JournalEntry] = ()  # changes since then whose blocks are not in `_blocks` yet

    def begin(self, recovered: RecoveredCase, shape: Index, files: Sequence[Path]) -> None:
        """Continue from the newest whole generation among the case's files."""
        self.number = max((int(m[1]) for file in files if (m := _NUMBER.fullmatch(file.name))), default=0)
        self.sequence = recovered.base
        self._newest, self._shape, self._blocks, self._pending = recovered.newest, shape, set(), recovered.applied

    def changed(self, edit: Edit) -> None:
        """Record the blocks that an Edit changes, which the next generation writes anew."""
        if self._shape is not None:
            self._blocks |= blocks_of(edit, self._shape)

    def advance(self) -> Path:
        """Return the path of the next generation; its number is used even if writing fails, since the file may exist by then."""
        self.number += 1
        return self._folder / f"labels-{self.number}.h5"

    def write(self, path: Path, labels: LabelMap, sequence: int) -> None:
        """Write the generation `path` with the labels after change number `sequence`."""
        write_bytes(path, labels_file.encode(labels, sequence, self._unchanged(labels.shape), self._case, path.name))
        self.sequence = sequence
        self._newest, self._shape, self._blocks, self._pending = path, labels.shape, set(), ()

    def past_journals(self) -> list[Path]:
        """List the archived journals, needed when no generation with its journals beside it is whole."""
        return list_folder(self._folder / PAST)

    def _unchanged(self, shape: Index) -> labels_file.OlderGeneration | None:
        """Return the newest generation and the blocks that changed since, or None if it cannot be used."""
        if self._newest is None or self._shape != shape:
            return None
        for entry in self._pending:
            self._blocks |= blocks_of(entry.edit, shape)
        self._pending = ()
        try:
            return labels_file.OlderGeneration(read_bytes(self._newest), self.sequence, self._blocks)
        except ProjectError:
            return None

    def prune(self) -> None:
        """Delete generations older than the last three except the last of each day; archive journals before the last three."""
        files = list_folder(self._folder)
        generations = sorted((f for f in files if LABELS.fullmatch(f.name)), key=generation)
        if len(generations) <= GENERATIONS:
            return
        oldest = generation(generations[-GENERATIONS])
        daily = _last_of_each_day(generations)
        for file in sorted(files, key=_numbers):  # oldest first: journals that a kill leaves are contiguous
            if LABELS.fullmatch(file.name) and generation(file) < oldest:
                if file not in daily:
                    remove(file)
            elif (journal := JOURNAL.fullmatch(file.name)) and int(journal[1]) < oldest:
                self._archive(file)

    def _archive(self, journal: Path) -> None:
        """Move a journal to the past by copying: after a power cut a file moved between folders may have neither name, or both."""
        make_folder(self._folder / PAST)
        target = self._folder / PAST / journal.name
        if not exists(target):
            write_bytes(target, read_bytes(journal))
        if read_bytes(target) == read_bytes(journal):
            remove(journal, for_good=True)  # before the next one, or a gap could remain


def _numbers(file: Path) -> tuple[int, ...]:
    """Return the numbers in a file's name as a sort key."""
    return tuple(int(number) for number in re.findall(r"\d+", file.stem))


def _last_of_each_day(generations: Sequence[Path]) -> set[Path]:
    """Return the last of each day (UTC, by the disk's clock) of the past week; `generations` are oldest first."""
    last: dict[int, Path] = {}
    for file in generations:
        if (written := modified_at(file)) is not None:
            last[int(written // DAY)] = file
    today = max(last, default=0)
    return {file for day, file in last.items() if day >= today - DAYS}
