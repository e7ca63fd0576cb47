"""The open project: its memory of closed cases, and its state on the disk when it is closed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from unetstudio.data.case import ReviewState
from unetstudio.data.edit import Edit
from unetstudio.data.labels import LabelMap
from unetstudio.errors import ProjectError
from unetstudio.postprocess.stack import DEFAULT_STEPS
from unetstudio.postprocess.threshold import Threshold
from unetstudio.project.project import Project
from unetstudio.project.record import Kind
from unetstudio.workspace.open_project import OpenProject, open_project
from unetstudio.workspace.user_folders import documents


def test_that_the_case_shown_last_is_shown_first_the_next_time(project: OpenProject) -> None:
    first, second = project.cases.all
    assert project.last_case() == first.id
    project.enter(project.writer.open_case(second))
    project.close()
    with open_project(project.path, documents()) as again:
        assert again.last_case() == second.id
        again.cases.remove(second.id)
        assert again.last_case() == first.id
        again.cases.remove(first.id)
        assert again.last_case() == ""


def test_that_the_annotated_share_of_a_closed_case_is_remembered(project: OpenProject, stroke: Callable[..., Edit]) -> None:
    opened = project.enter(project.writer.open_case(project.cases.all[0]))
    assert project.case is opened
    stroke(opened.labels, 10)
    assert opened.annotated_share == 200 / (80 * 96)
    project.leave()
    assert project.case is None
    assert project.cases.annotated_share(opened.id) == 200 / (80 * 96)


def test_that_a_case_judged_while_it_is_read_is_opened_as_judged(project: OpenProject) -> None:
    loaded = project.writer.open_case(project.cases.all[0])
    project.cases.review(loaded.case.id, ReviewState.ACCEPTED)
    assert project.enter(loaded).case.review is ReviewState.ACCEPTED


def test_that_changes_of_the_open_case_are_numbered_on_but_not_parts_of_a_stroke(project: OpenProject, stroke: Callable[..., Edit]) -> None:
    opened = project.enter(project.writer.open_case(project.cases.all[0]))
    edit = stroke(opened.labels, 10)
    changes = [opened.changed(kind, None if kind is Kind.CANCEL else edit) for kind in (Kind.PARTIAL, Kind.CANCEL, Kind.EDIT, Kind.UNDO)]
    assert [change.sequence for change in changes] == [0, 0, 1, 2]
    assert {change.case for change in changes} == {opened.id} and opened.sequence == 2


def test_that_a_case_that_was_changed_while_it_was_closed_is_recognized(project: OpenProject, stroke: Callable[..., Edit]) -> None:
    first, second = project.cases.all
    project.enter(project.writer.open_case(first))
    project.enter(project.writer.open_case(second))
    assert not project.changed_while_closed(project.writer.open_case(first))
    project.writer.open_case(second)
    project.writer.change_closed_case(first, lambda labels: stroke(LabelMap.unlabelled(labels.shape), 10))
    assert project.changed_while_closed(project.writer.open_case(first))


def test_that_training_and_post_processing_are_saved_with_the_project(project: OpenProject) -> None:
    assert project.steps == DEFAULT_STEPS
    project.set_training(replace(project.training, base=24))
    project.set_steps((Threshold(probability=0.3),))
    project.close()
    with open_project(project.path, documents()) as again:
        assert again.training.base == 24
        assert Threshold(probability=0.3) in again.steps


def test_that_a_failed_command_keeps_finished_work_and_releases_the_project(project: OpenProject) -> None:
    project.close()
    with pytest.raises(ZeroDivisionError), open_project(project.path, documents()) as opened:
        opened.classes.rename(1, "Nucleus")
        raise ZeroDivisionError
    with Project.open(project.path) as stored:
        assert not stored.read_only
        assert stored.classes[1].name == "Nucleus"


def test_that_a_folder_that_is_no_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError):
        open_project(tmp_path, documents())
