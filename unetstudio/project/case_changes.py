"""Changes of a project's list of cases; each returns the new cases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from unetstudio.data.case import Case, Source
from unetstudio.data.quantity import count_text
from unetstudio.errors import UserError

Cases = tuple[Case, ...]


@dataclass(frozen=True)
class CaseIndex:
    """An index of the images and names of cases, so that adding ten thousand one by one is as fast as adding them at once."""

    cases: Cases
    images: set[tuple[Source, str]]  # with their SHA-256
    names: set[str]

    @classmethod
    def of(cls, cases: Cases) -> CaseIndex:
        """Index the cases."""
        return cls(cases, {(case.source, case.sha256) for case in cases}, {case.name for case in cases})

    def added(self, new: Iterable[Case]) -> tuple[CaseIndex, Cases]:
        """Return the index with further cases at the end, under free names, and those added; images that are listed already are left out.

        Raise UserError when the number of channels differs: one network reads all scans of a project. The new index shares this index's
        sets, so this index must not be used any more.
        """
        unlisted = [case for case in new if (case.source, case.sha256) not in self.images]
        _require_same_channels([*self.cases[:1], *unlisted])
        added: list[Case] = []
        for case in unlisted:
            if (case.source, case.sha256) in self.images:
                continue  # twice in `new`
            name = next(name for name in _numbered(case.name) if name not in self.names)
            self.images.add((case.source, case.sha256))
            self.names.add(name)
            added.append(replace(case, name=name))
        return CaseIndex((*self.cases, *added), self.images, self.names), tuple(added)


def find_case(cases: Cases, case_id: str) -> Case:
    """Return the case of an id; raise UserError when there is none."""
    for case in cases:
        if case.id == case_id:
            return case
    raise UserError(f"The project has no case {case_id}.")


def changed(cases: Cases, case_id: str, **fields: Any) -> Cases:
    """Change fields of a case, such as name, source or review state."""
    new = replace(find_case(cases, case_id), **fields)
    return tuple(new if case.id == case_id else case for case in cases)


def moved(cases: Cases, case_id: str, position: int) -> Cases:
    """Move a case to another position."""
    case, rest = find_case(cases, case_id), removed(cases, case_id)
    position = min(max(position, 0), len(rest))
    return (*rest[:position], case, *rest[position:])


def removed(cases: Cases, case_id: str) -> Cases:
    """Remove a case."""
    find_case(cases, case_id)
    return tuple(case for case in cases if case.id != case_id)


def other_channels(case: Case, channels: int) -> UserError:
    """Make the error for a case whose number of channels differs from that of the project's images."""
    here, there = count_text(channels, "channel"), count_text(case.channels, "channel")
    return UserError(f"{case.name} has {there} and this project's images have {here}; open it in a project of its own.")


def _require_same_channels(cases: list[Case]) -> None:
    """Raise UserError for a case whose number of channels differs from the first case's."""
    for case in cases[1:]:
        if case.channels != cases[0].channels:
            raise other_channels(case, cases[0].channels)


def _numbered(name: str) -> Iterator[str]:
    """Yield the name, then the name with " (2)", " (3)" ... appended."""
    yield name
    number = 2
    while True:
        yield f"{name} ({number})"
        number += 1
