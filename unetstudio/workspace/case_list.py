"""The cases of an open project in the order of the strip, and the operations on the list; each returns the change it made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from unetstudio.data.case import Case, ReviewState, Source
from unetstudio.project.case_changes import changed, moved, removed
from unetstudio.workspace.project_writer import ProjectWriter

REMOVED, ANNOTATED = "removed", "annotated"
"""Keys in the view of a project: ids of removed cases by the SHA-256 of their images, and annotated shares by case id."""


@dataclass(frozen=True)
class CaseAdded:
    """A case was added at the end of the list."""

    case: Case


@dataclass(frozen=True)
class CaseMoved:
    """A case was moved to another place in the list."""

    case: Case


@dataclass(frozen=True)
class CaseRemoved:
    """A case was taken off the list; `neighbour` is the case now nearest to its place, None when the list is empty."""

    case: Case
    neighbour: Case | None


@dataclass(frozen=True)
class CaseReviewed:
    """The review state of a case was changed."""

    case: Case


@dataclass(frozen=True)
class CasesRelinked:
    """The images of these cases were found in another place."""

    cases: tuple[Case, ...]


CasesEdit = CaseAdded | CaseMoved | CaseRemoved | CaseReviewed | CasesRelinked


@dataclass(frozen=True)
class _Contents:
    """The SHA-256 of each image in a list, kept so that adding ten thousand images one by one is as fast as adding them at once."""

    cases: tuple[Case, ...]
    hashes: set[str]


class CaseList:
    """The case list of one project and its changes.

    `view` is the project's saved view state, and `on_replaced` is called with each case whose review state or source changed.
    """

    def __init__(self, writer: ProjectWriter, view: dict[str, Any], on_replaced: Callable[[Case], None]) -> None:
        self._writer = writer
        self._view = view
        self._on_replaced = on_replaced
        self._contents = _Contents((), set())

    @property
    def all(self) -> tuple[Case, ...]:
        """All cases, in order."""
        return self._writer.project.cases

    def __iter__(self) -> Iterator[Case]:
        return iter(self.all)

    def __len__(self) -> int:
        return len(self.all)

    def __contains__(self, case_id: object) -> bool:
        return any(case.id == case_id for case in self.all)

    def __getitem__(self, case_id: str) -> Case:
        """Return a case by its id; UserError when there is none."""
        return self._writer.project.case(case_id)

    # -------------------------------------------------------------------------------------------------- operations

    def add(self, case: Case) -> CaseAdded | None:
        """Add a case at the end under a unique name; None when its image is in the list already. UserError for other channels."""
        if self._contents.cases is not self.all:
            self._contents = _Contents(self.all, {listed.sha256 for listed in self.all})
        hashes = self._contents.hashes
        if case.sha256 in hashes:
            return None
        (added,) = self._writer.add_cases([case])
        hashes.add(case.sha256)
        self._contents = _Contents(self.all, hashes)
        return CaseAdded(added)

    def move(self, case_id: str, place: int) -> CaseMoved:
        """Move a case to another place in the strip."""
        self._writer.update(cases=moved(self.all, case_id, place))
        return CaseMoved(self[case_id])

    def remove(self, case_id: str) -> CaseRemoved:
        """Take a case off the list. Its image and its labels stay where they are, and adding the image again brings it back."""
        case = self[case_id]
        place = self.all.index(case)
        rest = removed(self.all, case_id)
        self._view[REMOVED] = {**self._view.get(REMOVED, {}), case.sha256: case_id}
        self._writer.update(cases=rest, view=dict(self._view))
        return CaseRemoved(case, rest[min(place, len(rest) - 1)] if rest else None)

    def review(self, case_id: str, state: ReviewState) -> CaseReviewed:
        """Set the review state of a case."""
        self._replace(changed(self.all, case_id, review=state))
        return CaseReviewed(self[case_id])

    def relink(self, cases: Sequence[Case]) -> CasesRelinked:
        """Set the sources of these cases to where their images lie now."""
        sources = {case.id: case.source for case in cases}
        self._replace(tuple(replace(case, source=sources[case.id]) if case.id in sources else case for case in self.all))
        return CasesRelinked(tuple(case for case in self.all if case.id in sources))

    def _replace(self, listed: tuple[Case, ...]) -> None:
        before = self.all
        self._writer.update(cases=listed)
        for old, new in zip(before, listed, strict=True):
            if old is not new:
                self._on_replaced(new)

    # --------------------------------------------------------------------------------------------------- questions

    def neighbour(self, case_id: str, step: int) -> Case | None:
        """Return the case `step` places further on; None beyond the ends of the list."""
        ids = [case.id for case in self.all]
        place = ids.index(case_id) + step if case_id in ids else -1
        return self.all[place] if 0 <= place < len(ids) else None

    def next_unreviewed(self, after: str) -> Case | None:
        """Return the next unreviewed case, starting again from the first after the last."""
        ids = [case.id for case in self.all]
        start = ids.index(after) + 1 if after in ids else 0
        others = (case for case in (*self.all[start:], *self.all[:start]) if case.id != after)
        return next((case for case in others if case.review is ReviewState.UNREVIEWED), None)

    def of_image(self, image: Source | Path) -> Case | None:
        """Return the case of an image, None when no case has it; for the path of a file with several images, the first of them."""
        path, part = (image.path, image.part) if isinstance(image, Source) else (image, None)
        return next(
            (case for case in self.all if case.source.path.absolute() == path.absolute() and part in (None, case.source.part)), None
        )

    def id_before_removal(self, sha256: str) -> str | None:
        """Return the id that an image's case had before it was removed; its labels are still stored under it."""
        removed: dict[str, str] = self._view.get(REMOVED, {})
        return removed.get(sha256)

    def annotated_share(self, case_id: str) -> float:
        """Return the share of a case's voxels that carried a class when it was last open or imported into."""
        return float(self._view.get(ANNOTATED, {}).get(case_id, 0.0))

    def note_annotated(self, case_id: str, share: float) -> None:
        """Remember the share of a case's voxels that carry a class."""
        self._view[ANNOTATED] = {**self._view.get(ANNOTATED, {}), case_id: share}
