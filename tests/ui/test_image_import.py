"""Images opened in the window: one task for each batch, which can be stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pytestqt.qtbot import QtBot

from unetstudio.data.case import Source
from unetstudio.formats.finding.found_image import FoundImage
from unetstudio.formats.finding.part_choice import MOST_TAKEN
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


def heard(session: Session) -> list[tuple[str, str]]:
    """Collect the notices given after this call."""
    notices: list[tuple[str, str]] = []
    session.notice.connect(lambda sentence, level: notices.append((sentence, level)))
    return notices


def test_that_of_a_file_of_several_images_those_chosen_are_opened(
    session: Session, stack_of: Callable[..., Path], tmp_path: Path, qtbot: QtBot
) -> None:
    asked: list[Sequence[FoundImage]] = []

    def choose(images: Sequence[FoundImage], go_on: Callable[[Sequence[FoundImage]], None]) -> None:
        asked.append(images)
        go_on(images[1:])

    session.image_import.choose_parts = choose
    session.open_paths([stack_of(tmp_path / "cell.stack", 3)])
    qtbot.waitUntil(lambda: len(session.cases) == 2 and not session.tasks.running, timeout=10_000)
    assert [image.name for image in asked[0]] == ["time 1", "time 2", "time 3"]
    assert [case.name for case in session.cases] == ["cell, time 2", "cell, time 3"]


def test_that_nobody_is_asked_about_files_of_one_image(session: Session, images: list[Path], qtbot: QtBot) -> None:
    session.image_import.choose_parts = lambda *_: (_ for _ in ()).throw(AssertionError("asked"))
    session.open_paths([images[0].parent])
    qtbot.waitUntil(lambda: len(session.cases) == 2, timeout=10_000)


def test_that_choosing_none_opens_nothing_and_the_next_batch_follows(
    session: Session, images: list[Path], stack_of: Callable[..., Path], tmp_path: Path, qtbot: QtBot
) -> None:
    begun = watched(session)
    session.image_import.choose_parts = lambda _, go_on: go_on(())
    session.open_paths([stack_of(tmp_path / "cell.stack", 3)])
    session.open_paths(images[:1])
    qtbot.waitUntil(lambda: len(begun) == 2 and not session.tasks.running, timeout=10_000)
    assert [task.state for task in begun] == [TaskState.STOPPED, TaskState.DONE]
    assert [case.name for case in session.cases] == ["disc_0"]


def test_that_without_a_window_few_images_of_a_file_are_all_opened_and_of_many_the_first(
    session: Session, stack_of: Callable[..., Path], tmp_path: Path, qtbot: QtBot
) -> None:
    session.open_paths([stack_of(tmp_path / "few.stack", 2), stack_of(tmp_path / "many.stack", MOST_TAKEN + 1)])
    qtbot.waitUntil(lambda: len(session.cases) == 3 and not session.tasks.running, timeout=10_000)
    assert [case.name for case in session.cases] == ["few, time 1", "few, time 2", "many, time 1"]


def test_that_an_image_in_a_file_is_shown_and_not_its_neighbour(
    session: Session, stack_of: Callable[..., Path], tmp_path: Path, qtbot: QtBot
) -> None:
    path = stack_of(tmp_path / "cell.stack", 3)
    session.image_import.show(Source(path, "t=2"))
    qtbot.waitUntil(lambda: session.case is not None and session.case.case.name == "cell, time 3", timeout=10_000)
    session.image_import.show(Source(path, "t=1"))
    qtbot.waitUntil(lambda: session.case is not None and session.case.case.name == "cell, time 2", timeout=10_000)
    assert len(session.cases) == 2


def test_that_moved_images_of_one_file_are_all_found_again(
    session: Session, stack_of: Callable[..., Path], tmp_path: Path, qtbot: QtBot
) -> None:
    path = stack_of(tmp_path / "images" / "cell.stack", 3)
    session.open_paths([path])
    qtbot.waitUntil(lambda: len(session.cases) == 3 and not session.tasks.running, timeout=10_000)
    assert session.project is not None
    (tmp_path / "elsewhere").mkdir()
    path.rename(tmp_path / "elsewhere" / "cell.stack")
    moved = session.project.writer.find_moved(session.cases, [tmp_path / "elsewhere"])
    assert [case.source for case in moved] == [Source(tmp_path / "elsewhere" / "cell.stack", f"t={time}") for time in range(3)]


def test_that_what_was_left_out_is_told_in_one_notice(session: Session, images: list[Path], qtbot: QtBot) -> None:
    notices = heard(session)
    (images[0].parent / "notes.txt").write_text("nothing to see")
    (images[0].parent / ".hidden.png").write_bytes(images[0].read_bytes())
    session.open_paths([images[0].parent])
    qtbot.waitUntil(lambda: len(session.cases) == 2, timeout=10_000)
    (told,) = [sentence for sentence, level in notices if level == "info"]
    assert "notes.txt was left out" in told and ".hidden.png was left out" in told


def test_that_what_was_said_when_an_image_was_read_is_told_once_and_kept(
    session: Session, stack_of: Callable[..., Path], tmp_path: Path, qtbot: QtBot
) -> None:
    notices = heard(session)
    session.open_paths([stack_of(tmp_path / "cell.stack", 2)])
    qtbot.waitUntil(lambda: len(session.cases) == 2 and session.case is not None and not session.tasks.running, timeout=10_000)
    first, second = session.cases
    for case in (second, first):
        session.case_opener.open(case.id)
        qtbot.waitUntil(lambda case=case: session.case is not None and session.case.id == case.id, timeout=10_000)
    assert notices.count(("cell, time 1: It was made by a test.", "info")) == 1
    assert session.case_opener.notes == {first.id: ("It was made by a test.",), second.id: ()}
