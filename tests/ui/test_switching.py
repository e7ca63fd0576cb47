"""Switching cases and projects in a hurry: nothing painted is lost, nothing of one project lands in another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from unetstudio.data.classes import ClassTable
from unetstudio.project.project import Project
from unetstudio.project.store import read_labels
from unetstudio.tools.tool import Pointer
from unetstudio.ui.session import Session

Paint = Callable[..., None]


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Another project, without images."""
    with Project.create(tmp_path / "other.unetstudio", ClassTable.named(["ground", "cell"], [(90, 90, 90), (0, 200, 0)])) as made:
        return made.folder


def test_that_a_stroke_made_while_going_to_the_next_case_and_back_stays_on_the_screen(opened: Session, qtbot: QtBot) -> None:
    first = opened.case
    opened.step_case(+1)
    opened.step_case(-1)
    opened.annotation.press(Pointer(40, 30))
    opened.annotation.release()
    qtbot.waitUntil(lambda: not opened.saver.busy, timeout=10_000)
    opened.annotation.press(Pointer(10, 70))
    opened.annotation.release()
    qtbot.waitUntil(lambda: not opened.saver.busy, timeout=10_000)
    assert opened.case.id == first.id
    stored, sequence = read_labels(opened.project_path, first)
    assert sequence == 2
    assert np.array_equal(opened.labels.values, stored.values)


def test_that_a_project_opened_by_a_double_click_can_be_painted_on(session: Session, other: Path, qtbot: QtBot) -> None:
    with qtbot.waitSignal(session.project_opened, timeout=10_000):
        session.open_paths([other])
        session.open_paths([other])
    qtbot.wait(100)
    assert session.project_path == other
    assert not session.read_only


def test_that_of_two_projects_asked_for_in_a_row_the_last_is_open_and_the_first_is_free(opened: Session, other: Path, qtbot: QtBot) -> None:
    first = opened.project_path
    opened.close_project()
    opened.open_paths([first])
    opened.open_paths([other])
    qtbot.waitUntil(lambda: opened.project_path == other, timeout=10_000)
    qtbot.waitUntil(lambda: not (first / "lock").exists(), timeout=10_000)
    assert not opened.read_only


def test_that_an_image_read_while_its_project_was_closed_does_not_land_in_the_next(
    opened: Session, images: list[Path], other: Path, qtbot: QtBot
) -> None:
    more = images[0].with_name("late.png")
    more.write_bytes(images[1].read_bytes() + b"\0")
    opened.open_paths([more])
    folder = opened.thumbnail(opened.cases[0].id).parent
    deadline = 500
    while len(list(folder.iterdir())) < 3 and deadline:  # the event lies in this thread's queue and is not taken yet
        opened.disk.msleep(10)
        deadline -= 1
    opened.open_paths([other])
    qtbot.waitUntil(lambda: opened.project_path == other, timeout=10_000)
    qtbot.wait(500)
    assert opened.cases == ()
    with Project.open(other, read_only=True) as stored:
        assert stored.cases == ()


def test_that_images_dropped_while_others_are_read_wait_their_turn(opened: Session, images: list[Path], qtbot: QtBot) -> None:
    for number in range(4):
        images[0].with_name(f"more_{number}.png").write_bytes(images[0].read_bytes() + bytes(number + 1))
    opened.open_paths([images[0].with_name(f"more_{number}.png") for number in (0, 1, 2)])
    opened.open_paths([images[0].with_name("more_3.png")])
    qtbot.waitUntil(lambda: len(opened.cases) == 6, timeout=10_000)


def test_that_the_cases_of_a_project_open_for_reading_only_stay_as_they_are(opened: Session, qtbot: QtBot) -> None:
    second = Session()
    second.start_worker = lambda: None  # type: ignore[method-assign]
    told: list[str] = []
    second.notice.connect(lambda text, level: told.append(text))
    try:
        second.open_paths([opened.project_path])
        qtbot.waitUntil(lambda: second.case is not None, timeout=10_000)
        before = second.cases
        told.clear()
        second.remove_case(before[0].id)
        second.move_case(before[0].id, 1)
        assert second.cases == before
        assert len(told) == 2
    finally:
        second.shut_down()


def test_that_a_class_brought_back_from_two_cases_is_there_once(opened: Session, qtbot: QtBot) -> None:
    opened.add_class("cyst")
    with qtbot.waitSignal(opened.case_opened, timeout=10_000):
        opened.step_case(+1)
    opened.remove_class(2)
    with qtbot.waitSignal(opened.case_opened, timeout=10_000):
        opened.step_case(-1)
    opened.annotation.undo()
    opened.annotation.redo()
    with qtbot.waitSignal(opened.case_opened, timeout=10_000):
        opened.step_case(+1)
    opened.annotation.undo()
    assert opened.classes.values == (0, 1, 2)


def test_that_a_new_project_is_made_although_the_images_have_one(opened: Session, images: list[Path], qtbot: QtBot) -> None:
    first = opened.project_path
    opened.new_project(images)
    qtbot.waitUntil(lambda: len(opened.cases) == 2, timeout=10_000)
    assert opened.project_path != first
    assert opened.project_path.parent == first.parent
