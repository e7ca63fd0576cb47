"""The notifier: an operation changes the project, and every listener hears of it once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from unetstudio.data.case import Case, ReviewState, Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.palette import colours
from unetstudio.ui.notifier import Change, Notifier
from unetstudio.workspace.case_list import CaseReviewed
from unetstudio.workspace.open_project import new_project, open_project


@pytest.fixture
def notifier(qapp: QApplication, tmp_path: Path) -> Iterator[Notifier]:
    """A notifier with a project of one case, and no listeners."""
    made = Notifier()
    made.project = new_project(tmp_path / "p.unetstudio", ClassTable.named(["ground", "cell"], colours(2)), tmp_path)
    made.project.cases.add(Case("a" * 16, "cell", Source(tmp_path / "cell.png"), "a" * 64, (1, 8, 8), 1))
    yield made
    made.project.close()


@pytest.fixture
def heard(notifier: Notifier) -> list[object]:
    """The names of the signals, and the changes, in their order."""
    signals: list[object] = []
    notifier.cases_changed.connect(lambda: signals.append("cases"))
    notifier.classes_changed.connect(lambda: signals.append("classes"))
    notifier.notice.connect(lambda sentence, level: signals.append((sentence, level)))
    notifier.changed.connect(signals.append)
    return signals


def test_that_a_change_of_cases_is_announced_once(notifier: Notifier, heard: list[Change]) -> None:
    change = notifier.change(lambda project: project.cases.review("a" * 16, ReviewState.ACCEPTED))
    assert isinstance(change, CaseReviewed)
    assert heard == ["cases", change]


def test_that_a_change_of_classes_is_announced_once(notifier: Notifier, heard: list[Change]) -> None:
    change = notifier.change(lambda project: project.classes.rename(1, "cyst"))
    assert heard == ["classes", change]
    assert notifier.classes[1].name == "cyst"


def test_that_an_operation_that_changes_nothing_is_not_announced(notifier: Notifier, heard: list[Change]) -> None:
    assert notifier.change(lambda project: project.classes.rename(1, "cell")) is None
    assert heard == []


def test_that_a_user_error_of_an_operation_becomes_a_notice(notifier: Notifier, heard: list[Change]) -> None:
    assert notifier.change(lambda project: project.cases.review("b" * 16, ReviewState.ACCEPTED)) is None
    assert [level for _, level in heard] == ["warning"]  # type: ignore[misc]


def test_that_a_project_open_for_reading_only_is_not_changed(notifier: Notifier, heard: list[Change], tmp_path: Path) -> None:
    assert notifier.project is not None
    notifier.project.close()
    notifier.project = open_project(notifier.project.path, tmp_path, read_only=True)
    before = notifier.classes
    assert notifier.change(lambda project: project.classes.rename(1, "cyst")) is None
    assert notifier.classes == before
    assert heard == [("This project is open read-only; nothing is changed.", "info")]


def test_that_without_a_project_there_is_nothing_to_change(qapp: QApplication) -> None:
    empty = Notifier()
    assert empty.change(lambda project: project.classes.rename(1, "cyst")) is None
    assert (empty.cases, tuple(empty.classes), empty.case, empty.scan, empty.labels, empty.read_only) == ((), (), None, None, None, False)


def test_that_entering_and_leaving_a_project_is_announced_while_it_is_there_and_when_it_is_gone(notifier: Notifier, tmp_path: Path) -> None:
    signals: list[object] = []
    notifier.project_opened.connect(lambda: signals.append(("opened", notifier.project)))
    notifier.project_closing.connect(lambda: signals.append(("closing", notifier.project)))
    notifier.project_closed.connect(lambda: signals.append(("closed", notifier.project)))
    project = notifier.project
    assert project is not None
    project.view["case"] = "a" * 16
    notifier.leave()
    notifier.leave()
    notifier.enter(project)
    assert signals == [("closing", project), ("closed", None), ("opened", project)]
    assert project.writer.project.manifest.view["case"] == "a" * 16


def test_that_other_settings_are_no_change_of_cases_or_classes(notifier: Notifier, heard: list[Change]) -> None:
    change = notifier.change(lambda project: project.set_training(project.training))
    assert heard == [change]
