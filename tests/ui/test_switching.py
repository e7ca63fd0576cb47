"""Switching cases and projects in a hurry: nothing painted is lost, nothing of one project lands in another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
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
    first = opened.case.case
    opened.case_opener.step(+1)
    opened.case_opener.step(-1)
    opened.annotation.press(Pointer(40, 30))
    opened.annotation.release()
    qtbot.waitUntil(lambda: not opened.saver.busy, timeout=10_000)
    opened.annotation.press(Pointer(10, 70))
    opened.annotation.release()
    qtbot.waitUntil(lambda: not opened.saver.busy, timeout=10_000)
    assert opened.case.id == first.id
    stored, sequence = read_labels(opened.project.path, first)
    assert sequence == 2
    assert np.array_equal(opened.labels.values, stored.values)


def test_that_a_project_opened_by_a_double_click_can_be_painted_on(session: Session, other: Path, qtbot: QtBot) -> None:
    with qtbot.waitSignal(session.project_opened, timeout=10_000):
        session.open_paths([other])
        session.open_paths([other])
    qtbot.wait(100)
    assert session.project.path == other
    assert not session.read_only


def test_that_of_two_projects_asked_for_in_a_row_the_last_is_open_and_the_first_is_free(opened: Session, other: Path, qtbot: QtBot) -> None:
    first = opened.project.path
    opened.close_project()
    opened.open_paths([first])
    opened.open_paths([other])
    qtbot.waitUntil(lambda: opened.project is not None and opened.project.path == other, timeout=10_000)
    qtbot.waitUntil(lambda: not (first / "lock").exists(), timeout=10_000)
    assert not opened.read_only


def test_that_a_project_given_up_while_it_was_read_is_free_again(opened: Session, other: Path, qtbot: QtBot) -> None:
    mine, deadline = opened.project.path, 500
    opened.project_opener.open(other)
    while not (other / "lock").exists() and deadline:  # the answer lies in this thread's queue and is not taken yet
        opened.disk.msleep(10)
        deadline -= 1
    opened.project_opener.forget()
    assert (other / "lock").exists()
    qtbot.waitUntil(lambda: not (other / "lock").exists(), timeout=10_000)
    assert opened.project.path == mine


def test_that_an_image_read_while_its_project_was_closed_does_not_land_in_the_next(
    opened: Session, images: list[Path], other: Path, qtbot: QtBot
) -> None:
    more = images[0].with_name("late.png")
    more.write_bytes(images[1].read_bytes() + b"\0")
    opened.open_paths([more])
    folder = opened.project.thumbnail(opened.cases[0].id).parent
    deadline = 500
    while len(list(folder.iterdir())) < 3 and deadline:  # the event lies in this thread's queue and is not taken yet
        opened.disk.msleep(10)
        deadline -= 1
    opened.open_paths([other])
    qtbot.waitUntil(lambda: opened.project is not None and opened.project.path == other, timeout=10_000)
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
    notices: list[str] = []
    second.notice.connect(lambda text, level: notices.append(text))
    try:
        second.open_paths([opened.project.path])
        qtbot.waitUntil(lambda: second.case is not None, timeout=10_000)
        before = second.cases
        notices.clear()
        second.change(lambda project: project.cases.remove(before[0].id))
        second.change(lambda project: project.cases.move(before[0].id, 1))
        assert second.cases == before
        assert len(notices) == 2
    finally:
        second.shut_down()


def test_that_a_class_brought_back_from_two_cases_is_there_once(opened: Session, qtbot: QtBot) -> None:
    opened.add_class("cyst")
    with qtbot.waitSignal(opened.case_opened, timeout=10_000):
        opened.case_opener.step(+1)
    opened.change(lambda project: project.classes.remove(2))
    with qtbot.waitSignal(opened.case_opened, timeout=10_000):
        opened.case_opener.step(-1)
    opened.annotation.undo()
    opened.annotation.redo()
    with qtbot.waitSignal(opened.case_opened, timeout=10_000):
        opened.case_opener.step(+1)
    opened.annotation.undo()
    assert opened.classes.values == (0, 1, 2)


def test_that_a_new_project_is_made_although_the_images_have_one(opened: Session, images: list[Path], qtbot: QtBot) -> None:
    first = opened.project.path
    opened.new_project(images)
    qtbot.waitUntil(lambda: len(opened.cases) == 2, timeout=10_000)
    assert opened.project.path != first
    assert opened.project.path.parent == first.parent


def test_that_a_stroke_painted_while_the_next_case_is_being_read_is_kept(opened: Session, paint: Paint, qtbot: QtBot) -> None:
    paint(opened, 10, 10, 10, 60, value=1)
    first = opened.case.case
    opened.case_opener.step(+1)
    paint(opened, 30, 10, 30, 60, value=0)  # the first case is still on screen
    qtbot.waitUntil(lambda: opened.case.id != first.id, timeout=10_000)
    paint(opened, 50, 10, 50, 60, value=1)
    labels, sequence = read_labels(opened.project.path, first)
    assert sequence == 2
    assert labels.counts[0] > 0
    assert read_labels(opened.project.path, opened.case.case)[1] == 1


def test_that_strokes_between_hurried_steps_back_and_forth_are_kept(opened: Session, paint: Paint, qtbot: QtBot) -> None:
    first, second = opened.cases
    painted = {first.id: 0, second.id: 0}
    for number in range(6):
        opened.case_opener.open((second, first)[number % 2].id)
        painted[opened.case.id] += 1  # while the stroke is saved the next case may come
        paint(opened, 6 + 5 * number, 10, 6 + 5 * number, 60, value=number % 2)
    qtbot.waitUntil(lambda: opened.case.id == first.id and not opened.saver.busy, timeout=10_000)
    for case in (first, second):
        assert read_labels(opened.project.path, case)[1] == painted[case.id]
    assert np.array_equal(read_labels(opened.project.path, first)[0].values, opened.labels.values)


def test_that_a_project_that_cannot_be_changed_is_neither_painted_nor_given_classes(opened: Session, paint: Paint, qtbot: QtBot) -> None:
    second = Session()
    second.start_worker = lambda: None  # type: ignore[method-assign]
    try:
        second.open_paths([opened.project.path])
        qtbot.waitUntil(lambda: second.case is not None, timeout=10_000)
        drawn, classes = second.labels.values.copy(), second.classes
        paint(second, 30, 10, 30, 60, value=0)
        second.add_class()
        assert np.array_equal(second.labels.values, drawn)
        assert second.classes == classes
    finally:
        second.shut_down()


def test_that_two_images_of_one_name_get_names_that_differ(session: Session, tmp_path: Path, qtbot: QtBot) -> None:
    paths = []
    for number, part in enumerate("ab"):
        (tmp_path / "cells" / part).mkdir(parents=True)
        paths.append(tmp_path / "cells" / part / "cell.png")
        cv2.imwrite(str(paths[-1]), np.full((20, 30), 50 + number, np.uint8))
    session.open_paths(paths)
    qtbot.waitUntil(lambda: session.project is not None and not session.tasks.running, timeout=10_000)
    assert [case.name for case in session.cases] == ["cell", "cell (2)"]
