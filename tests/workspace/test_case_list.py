"""The case list: one owner, names that differ, and what each operation returns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from workspace.conftest import made_of

from unetstudio.data.case import Case, ReviewState
from unetstudio.data.geometry import Geometry
from unetstudio.errors import UserError
from unetstudio.project.project import Project
from unetstudio.workspace.case_list import CaseAdded, CaseMoved, CaseRemoved, CaseReviewed, CasesRelinked
from unetstudio.workspace.open_project import OpenProject


def another(project: OpenProject, name: str = "other", number: int = 1) -> Case:
    """A case that is not in the project."""
    return replace(project.cases.all[0], id=f"{number:016x}", sha256=f"{number:064x}", name=name)


def ids(project: OpenProject) -> list[str]:
    return [case.id for case in project.cases]


def test_that_an_added_case_is_last_and_its_image_is_taken_once(project: OpenProject) -> None:
    case = another(project)
    added = project.cases.add(case)
    assert added == CaseAdded(case)
    assert project.cases.all[-1] == case
    assert project.cases.add(replace(case, id="f" * 16)) is None
    assert len(project.cases) == 3


def test_that_cases_of_one_name_get_numbers(project: OpenProject) -> None:
    for number in (1, 2, 3):
        project.cases.add(another(project, "cell", number))
    assert [case.name for case in project.cases][-3:] == ["cell", "cell (2)", "cell (3)"]


def test_that_an_image_that_was_changed_in_its_place_becomes_a_case_of_its_own(project: OpenProject) -> None:
    first = project.cases.all[0]
    assert project.cases.add(replace(first, id="1" * 16, sha256="1" * 64)) is not None


def test_that_a_case_of_other_channels_is_refused(project: OpenProject) -> None:
    before = project.cases.all
    with pytest.raises(UserError, match="3 channels"):
        project.cases.add(replace(another(project), channels=3))
    assert project.cases.all == before


def test_that_a_case_is_moved(project: OpenProject) -> None:
    first, second = ids(project)
    assert project.cases.move(first, 1) == CaseMoved(project.cases[first])
    assert ids(project) == [second, first]


def test_that_a_removed_case_names_its_neighbour_and_comes_back_under_its_id(images: list[Path]) -> None:
    with made_of(images) as project:
        first, second = project.cases.all
        assert project.cases.remove(first.id) == CaseRemoved(first, second)
        assert first.id not in project.cases
        assert project.cases.remove(second.id) == CaseRemoved(second, None)
    with made_of([images[0]]) as again:
        assert ids(again) == [first.id]


def test_that_a_removed_case_has_the_one_behind_it_as_neighbour(project: OpenProject) -> None:
    first, second = project.cases.all
    added = project.cases.add(another(project))
    assert added is not None
    assert project.cases.remove(second.id).neighbour == added.case
    assert ids(project) == [first.id, added.case.id]


def test_that_the_last_of_several_cases_has_the_one_before_it_as_neighbour(project: OpenProject) -> None:
    first, second = project.cases.all
    assert project.cases.remove(second.id).neighbour == first


def test_that_a_review_state_is_of_the_list_and_of_the_open_case_alike(project: OpenProject) -> None:
    first = project.cases.all[0]
    opened = project.enter(project.writer.open_case(first))
    assert project.cases.review(first.id, ReviewState.REJECTED) == CaseReviewed(replace(first, review=ReviewState.REJECTED))
    assert opened.case is project.cases[first.id]


def test_that_a_relinked_case_keeps_its_review_state(project: OpenProject) -> None:
    first = project.cases.all[0]
    project.cases.review(first.id, ReviewState.ACCEPTED)
    source = replace(first.source, path=Path("/elsewhere/disc_0.png"))
    relinked = project.cases.relink([replace(first, source=source), another(project)])
    assert relinked == CasesRelinked((replace(first, source=source, review=ReviewState.ACCEPTED),))
    assert project.cases[first.id] == relinked.cases[0]


def test_that_one_steps_through_the_list_to_its_ends(project: OpenProject) -> None:
    first, second = project.cases.all
    assert project.cases.neighbour(first.id, +1) == second
    assert project.cases.neighbour(second.id, -1) == first
    assert project.cases.neighbour(second.id, +1) is None
    assert project.cases.neighbour(first.id, -1) is None
    assert project.cases.neighbour("nobody", +1) is None


def test_that_the_next_unreviewed_case_is_searched_to_the_end_and_from_the_start(project: OpenProject) -> None:
    first, second = project.cases.all
    assert project.cases.next_unreviewed(first.id) == second
    assert project.cases.next_unreviewed(second.id) == first
    project.cases.review(first.id, ReviewState.ACCEPTED)
    assert project.cases.next_unreviewed(second.id) is None


def test_that_a_case_is_identified_by_its_image(project: OpenProject, images: list[Path]) -> None:
    assert project.cases.of_image(images[1]) == project.cases.all[1]
    assert project.cases.of_image(images[1].with_name("other.png")) is None


def test_that_every_operation_is_seen_at_once_and_on_the_disk_after_saving(project: OpenProject) -> None:
    project.cases.move(ids(project)[0], 1)
    assert project.writer.project.cases == project.cases.all
    project.writer.retry()
    with Project.open(project.path, read_only=True) as stored:
        assert stored.cases == project.cases.all


def test_that_thousands_of_cases_of_one_name_are_added_one_by_one(project: OpenProject) -> None:
    template = another(project)
    for number in range(1, 2001):
        project.cases.add(replace(template, id=f"{number:016x}", sha256=f"{number:064x}", geometry=Geometry()))
    assert len({case.name for case in project.cases}) == 2002
