"""Images opened in the window: one task for each batch, which can be stopped."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from unetstudio.project.project import Project
from unetstudio.ui.session import Session
from unetstudio.ui.task import Task, TaskState


def watched(session: Session) -> list[Task]:
    """Collect the tasks begun after this call."""
    begun: list[Task] = []
    session.tasks.begun.connect(begun.append)
    return begun


def test_that_each_batch_is_a_task_of_its_own_and_they_follow_one_another(session: Session, images: list[Path], qtbot: QtBot) -> None:
    begun = watched(session)
    session.open_paths(images[:1])
    session.open_paths(images[1:])
    assert len(begun) == 1
    qtbot.waitUntil(lambda: len(begun) == 2 and not session.tasks.running, timeout=10_000)
    assert [(task.name, task.state, task.done, task.total) for task in begun] == [("Opening images", TaskState.DONE, 1, 1)] * 2
    assert [case.name for case in session.cases] == ["disc_0", "disc_1"]


def test_that_opening_that_is_stopped_keeps_the_images_read_so_far(session: Session, images: list[Path], qtbot: QtBot) -> None:
    begun = watched(session)
    session.tasks.begun.connect(lambda task: task.changed.connect(lambda: task.done and task.stop()))
    session.open_paths(images)
    session.open_paths([images[0].parent])  # what waits is dropped as well
    qtbot.waitUntil(lambda: session.case is not None and not session.tasks.running, timeout=10_000)
    assert [task.state for task in begun] == [TaskState.STOPPED]
    assert session.cases[0].name == "disc_0"


def test_that_images_that_are_no_images_fail_their_task(session: Session, tmp_path: Path, qtbot: QtBot) -> None:
    begun = watched(session)
    (tmp_path / "notes.png").write_text("no picture")
    session.open_paths([tmp_path / "notes.png"])
    qtbot.waitUntil(lambda: bool(begun) and not session.tasks.running, timeout=10_000)
    assert begun[0].state is TaskState.FAILED
    assert "notes.png" in begun[0].error


def test_that_a_refused_image_is_a_problem_of_its_task(session: Session, images: list[Path], qtbot: QtBot) -> None:
    begun = watched(session)
    (images[0].with_name("broken.png")).write_text("no picture")
    session.open_paths([images[0].with_name("broken.png"), *images])
    qtbot.waitUntil(lambda: bool(begun) and not session.tasks.running, timeout=10_000)
    assert [problem.split(":")[0] for problem in begun[0].problems] == ["broken.png"]


def test_that_images_asked_for_while_a_project_is_being_opened_join_it(
    opened: Session, images: list[Path], tmp_path: Path, qtbot: QtBot
) -> None:
    with Project.create(tmp_path / "other.unetstudio", opened.classes) as made:
        other = made.folder
    opened.open_paths([other])
    opened.open_paths(images[:1])
    qtbot.waitUntil(lambda: opened.project is not None and opened.project.path == other and len(opened.cases) == 1, timeout=10_000)


def test_that_an_image_of_the_project_is_shown_and_another_one_joins_it(opened: Session, images: list[Path], qtbot: QtBot) -> None:
    opened.image_import.show(images[1])
    qtbot.waitUntil(lambda: opened.case.case.name == "disc_1", timeout=10_000)
    more = images[0].with_name("more.png")
    more.write_bytes(images[0].read_bytes() + b"\0")
    opened.image_import.show(more)
    qtbot.waitUntil(lambda: opened.case.case.name == "more", timeout=10_000)
    assert len(opened.cases) == 3
