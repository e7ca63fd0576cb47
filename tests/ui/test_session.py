"""The session from open to close: painted labels are on the disk, and come back with their undo."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from unetstudio.data.case import ReviewState
from unetstudio.data.labels import UNLABELLED
from unetstudio.data.origin import HELD_OUT, Origin
from unetstudio.project.project import Project
from unetstudio.project.store import read_labels
from unetstudio.settings import TrainingSettings
from unetstudio.tools.tool import Pointer
from unetstudio.ui.session import Session
from unetstudio.ui.worker_thread import NOT_UP

Paint = Callable[..., None]


def reopen(session: Session, folder: Path, qtbot: QtBot) -> Session:
    """End a session and open its project in another one."""
    session.shut_down()
    fresh = Session()
    fresh.start_worker = lambda: None  # type: ignore[method-assign]
    fresh.open_paths([folder])
    qtbot.waitUntil(lambda: fresh.case is not None, timeout=10_000)
    return fresh


def test_that_opening_images_makes_a_project_beside_them_without_a_question(opened: Session, images: list[Path]) -> None:
    assert opened.project.path == images[0].parent / "images.unetstudio"
    assert [case.name for case in opened.cases] == ["disc_0", "disc_1"]
    assert [found.name for found in opened.classes] == ["Background", "Structure 1"]
    assert all(opened.project.thumbnail(case.id).exists() for case in opened.cases)


def test_that_opening_the_same_images_again_continues_their_project(opened: Session, images: list[Path], qtbot: QtBot) -> None:
    opened.close_project()
    with qtbot.waitSignal(opened.project_opened, timeout=10_000):
        opened.open_paths(images)
    qtbot.waitUntil(lambda: opened.case is not None, timeout=10_000)
    assert opened.project.path == images[0].parent / "images.unetstudio"
    assert len(opened.cases) == 2


def test_that_a_stroke_is_on_the_disk_when_the_window_says_saved(opened: Session, paint: Paint) -> None:
    paint(opened, 40, 30, 40, 60, value=1)
    labels, sequence = read_labels(opened.project.path, opened.case.case)
    assert sequence == 1
    assert np.array_equal(labels.values, opened.labels.values)
    assert labels.counts[1] == (opened.labels.values == 1).sum() > 0


def test_that_undo_and_redo_go_on_after_a_restart(opened: Session, paint: Paint, qtbot: QtBot) -> None:
    paint(opened, 20, 20, 20, 60, value=1)
    first = opened.labels.values.copy()
    paint(opened, 60, 20, 60, 60, value=0)
    both = opened.labels.values.copy()
    fresh = reopen(opened, opened.project.path, qtbot)
    try:
        assert np.array_equal(fresh.labels.values, both)
        fresh.annotation.undo()
        assert np.array_equal(fresh.labels.values, first)
        fresh.annotation.redo()
        assert np.array_equal(fresh.labels.values, both)
        fresh.annotation.undo()
        fresh.annotation.undo()
        assert (fresh.labels.values == UNLABELLED).all()
    finally:
        fresh.shut_down()


def test_that_escape_cancels_the_current_stroke(opened: Session, paint: Paint) -> None:
    opened.annotation.press(Pointer(10, 10))
    opened.annotation.move(Pointer(10, 40))
    assert opened.annotation.stroke_active
    opened.annotation.cancel()
    assert (opened.labels.values == UNLABELLED).all()
    assert not opened.annotation.can_undo


def held_out_rows(session: Session) -> list[int]:
    """Return the numbers of the held-out strokes, painted six rows apart."""
    held = (session.labels.origin & HELD_OUT) != 0
    return [number for number in range(12) if held[0, 4 + 6 * number, 40]]


def stripe(paint: Paint, session: Session, number: int, value: int = 1) -> None:
    """Paint one of the strokes that `held_out_rows` finds, thin enough to leave its neighbours alone."""
    session.annotation.tools.set_options("brush", size=3)
    paint(session, 4 + 6 * number, 10, 4 + 6 * number, 80, value=value)


def test_that_the_third_stroke_of_a_class_is_held_out_and_one_in_six_after_it(opened: Session, paint: Paint) -> None:
    for number in range(12):
        stripe(paint, opened, number)
    assert held_out_rows(opened) == [2, 8]
    assert set(np.unique(opened.labels.origin)) == {0, int(Origin.PAINTED), int(Origin.PAINTED) | HELD_OUT}


def test_that_a_held_out_stroke_that_is_undone_is_held_out_when_it_is_redone_or_painted_again(opened: Session, paint: Paint) -> None:
    for number in range(3):
        stripe(paint, opened, number)
    opened.annotation.undo()
    assert held_out_rows(opened) == []
    opened.annotation.redo()
    assert held_out_rows(opened) == [2]
    stripe(paint, opened, 3)
    opened.annotation.undo()
    opened.annotation.undo()
    stripe(paint, opened, 4)
    assert held_out_rows(opened) == [4]


def test_that_a_class_that_was_added_has_a_held_out_stroke_too(opened: Session, paint: Paint) -> None:
    for number in range(4):
        stripe(paint, opened, number)
    opened.change(lambda project: project.classes.add("Structure 2"))
    added = opened.classes.values[-1]
    for number in range(4, 7):
        stripe(paint, opened, number, value=added)
    assert held_out_rows(opened) == [2, 6]


def test_that_strokes_of_before_count_in_a_project_that_is_opened_again(opened: Session, paint: Paint, qtbot: QtBot) -> None:
    for number in range(4):
        stripe(paint, opened, number)
    fresh = reopen(opened, opened.project.path, qtbot)
    try:
        for number in range(4, 9):
            stripe(paint, fresh, number)
        assert held_out_rows(fresh) == [2, 8]
    finally:
        fresh.shut_down()


def test_that_switching_cases_keeps_the_strokes_of_both(opened: Session, paint: Paint, qtbot: QtBot) -> None:
    paint(opened, 40, 30, 40, 60, value=1)
    first = opened.case.case
    with qtbot.waitSignal(opened.case_opened, timeout=10_000):
        opened.case_opener.step(+1)
    paint(opened, 10, 10, 10, 30, value=0)
    with qtbot.waitSignal(opened.case_opened, timeout=10_000):
        opened.case_opener.step(-1)
    assert opened.case.id == first.id
    assert opened.labels.counts[1] > 0
    assert opened.labels.counts[0] == 0
    assert read_labels(opened.project.path, opened.cases[1])[0].counts[0] > 0


def test_that_removing_a_class_can_be_undone(opened: Session, paint: Paint) -> None:
    paint(opened, 40, 30, 40, 60, value=1)
    before = opened.classes
    opened.change(lambda project: project.classes.remove(1))
    assert 1 not in opened.classes
    opened.annotation.undo()
    assert opened.classes == before
    assert opened.labels.counts[1] > 0


def test_that_a_locked_class_is_neither_painted_nor_painted_over(opened: Session, paint: Paint) -> None:
    paint(opened, 40, 30, 40, 60, value=1)
    before = opened.labels.values.copy()
    opened.change(lambda project: project.classes.lock(1, True))
    paint(opened, 40, 30, 40, 60, value=0)
    assert np.array_equal(opened.labels.values[before == 1], before[before == 1])


def test_that_a_review_state_is_kept(opened: Session, qtbot: QtBot) -> None:
    opened.review.set_state(ReviewState.ACCEPTED)

    def states() -> list[ReviewState]:
        return [case.review for case in Project.open(opened.project.path, read_only=True).cases]

    qtbot.waitUntil(lambda: states() == [ReviewState.ACCEPTED, ReviewState.UNREVIEWED], timeout=10_000)


def test_that_a_second_window_is_read_only_and_says_why(opened: Session, paint: Paint, qtbot: QtBot) -> None:
    paint(opened, 40, 30, 40, 60, value=1)
    second = Session()
    second.start_worker = lambda: None  # type: ignore[method-assign]
    notices: list[str] = []
    second.notice.connect(lambda text, level: notices.append(text))
    try:
        second.open_paths([opened.project.path])
        qtbot.waitUntil(lambda: second.case is not None, timeout=10_000)
        assert second.read_only
        assert "reading only" in notices[0]
        second.annotation.set_active_class(1)
        paint(second, 10, 10, 10, 30)
        assert second.labels.counts[1] == opened.labels.counts[1]
        assert opened.annotation.can_undo and not second.annotation.can_undo
    finally:
        second.shut_down()


def test_that_a_broken_image_is_reported_and_the_others_open(session: Session, images: list[Path], qtbot: QtBot) -> None:
    broken = images[0].with_name("broken.png")
    broken.write_text("this is text")
    notices: list[str] = []
    session.notice.connect(lambda text, level: notices.append(text))
    session.open_paths([broken, *images])
    qtbot.waitUntil(lambda: any("broken.png" in text for text in notices), timeout=10_000)
    assert len(session.cases) == 2


def test_that_a_missing_image_is_named_and_another_case_still_opens(opened: Session, images: list[Path], qtbot: QtBot) -> None:
    images[1].unlink()
    with qtbot.waitSignal(opened.case_failed, timeout=10_000) as failed:
        opened.case_opener.step(+1)
    assert "disc_1.png" in failed.args[1]
    assert opened.case.case.name == "disc_0"


def test_that_an_image_found_missing_after_its_project_was_closed_is_ignored(opened: Session, images: list[Path], qtbot: QtBot) -> None:
    images[1].unlink()
    notices: list[str] = []
    opened.notice.connect(lambda text, level: notices.append(text))
    opened.case_opener.step(+1)
    while not opened.disk._reads.empty():  # the reader has it; what it found has not been heard yet
        pass
    opened.close_project()
    with qtbot.waitSignal(opened.case_opened, timeout=10_000):
        opened.open_paths(images[:1])
    assert notices == []
    assert opened.image_import.missing == set()


def test_that_a_full_disk_is_reported_and_the_strokes_are_saved_once_there_is_room(
    opened: Session, paint: Paint, qtbot: QtBot, monkeypatch: object
) -> None:
    import errno
    import os

    from unetstudio.project import durable

    states: list[tuple[str, str]] = []
    opened.save_state_changed.connect(lambda text, level: states.append((text, level)))
    write = os.write

    def full(handle: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(durable.os, "write", full)  # type: ignore[attr-defined]
    paint(opened, 40, 30, 40, 60, value=1)
    assert states[-1][1] == "bad"
    assert "NOT SAVED" in states[-1][0]
    monkeypatch.setattr(durable.os, "write", write)  # type: ignore[attr-defined]
    paint(opened, 60, 30, 60, 60, value=1)
    assert states[-1] == ("All saved", "good")
    labels, sequence = read_labels(opened.project.path, opened.case.case)
    assert sequence == 2
    assert np.array_equal(labels.values, opened.labels.values)


def test_that_a_mask_can_be_imported_and_painted_strokes_stay(opened: Session, paint: Paint, images: list[Path], qtbot: QtBot) -> None:
    import cv2

    paint(opened, 40, 5, 40, 20, value=1)
    masks = images[0].parent / "masks"
    masks.mkdir()
    for path in images:
        cv2.imwrite(str(masks / path.name), np.zeros((80, 96), np.uint8))
    opened.mask_import.begin([masks])
    qtbot.waitUntil(lambda: opened.labels.counts[0] > 0 and not opened.saver.busy, timeout=10_000)
    assert opened.labels.counts[1] > 0
    assert opened.labels.counts[UNLABELLED] == 0
    qtbot.waitUntil(lambda: read_labels(opened.project.path, opened.cases[1])[0].counts[0] == 80 * 96, timeout=10_000)


def test_that_a_moved_image_is_found_again_when_its_new_folder_is_dropped(
    opened: Session, images: list[Path], tmp_path: Path, qtbot: QtBot
) -> None:
    elsewhere = tmp_path.parent / f"{tmp_path.name}-elsewhere"
    elsewhere.mkdir()
    images[1].rename(elsewhere / "another_name.png")
    with qtbot.waitSignal(opened.case_failed, timeout=10_000):
        opened.case_opener.step(+1)
    (elsewhere / "another_name.png").rename(elsewhere / "disc_1.png")
    opened.open_paths([elsewhere])
    qtbot.waitUntil(lambda: opened.case.case.name == "disc_1", timeout=10_000)
    assert len(opened.cases) == 2
    assert opened.case.case.source.path == elsewhere / "disc_1.png"


def test_that_another_image_under_the_old_name_is_refused(opened: Session, images: list[Path], qtbot: QtBot) -> None:
    import cv2

    cv2.imwrite(str(images[1]), np.zeros((80, 96), np.uint8))
    with qtbot.waitSignal(opened.case_failed, timeout=10_000) as failed:
        opened.case_opener.step(+1)
    assert "not the image that was painted" in failed.args[1]


def test_that_a_removed_case_comes_back_with_its_strokes(opened: Session, images: list[Path], paint: Paint, qtbot: QtBot) -> None:
    paint(opened, 40, 30, 40, 60, value=1)
    first = opened.case.id
    with qtbot.waitSignal(opened.case_opened, timeout=10_000):
        opened.change(lambda project: project.cases.remove(first))
    opened.saver.save_now()
    opened.open_paths([images[0]])
    qtbot.waitUntil(lambda: len(opened.cases) == 2, timeout=10_000)
    opened.case_opener.open(first)
    qtbot.waitUntil(lambda: opened.case.id == first, timeout=10_000)
    assert opened.labels.counts[1] > 0


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="tells open files by Linux's /proc")
def test_that_strokes_the_disk_refused_to_the_end_are_back_when_the_project_is_opened_again(
    opened: Session, paint: Paint, qtbot: QtBot, monkeypatch: object
) -> None:
    import errno
    import os

    from unetstudio.project import durable

    paint(opened, 20, 30, 20, 60, value=0)
    write, folder = os.write, opened.project.path
    full = False

    def refuse(handle: int, data: bytes) -> int:
        if full and str(folder) in str(Path(f"/proc/self/fd/{handle}").readlink()):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(handle, data)

    monkeypatch.setattr(durable.os, "write", refuse)  # type: ignore[attr-defined]
    full = True
    paint(opened, 40, 30, 40, 60, value=1)
    before = opened.labels.values.copy()
    opened.shut_down()
    full = False
    fresh = Session()
    fresh.start_worker = lambda: None  # type: ignore[method-assign]
    try:
        fresh.open_paths([folder])
        qtbot.waitUntil(lambda: fresh.case is not None, timeout=10_000)
        assert np.array_equal(fresh.labels.values, before)
        assert np.array_equal(read_labels(folder, fresh.case.case)[0].values, before)
        fresh.annotation.undo()
        assert fresh.labels.counts[1] == 0
    finally:
        fresh.shut_down()


def test_that_a_stroke_on_a_slow_disk_is_saved_although_the_window_is_gone(qapp: object, qtbot: QtBot) -> None:
    session = Session()
    begun, gate, saved = threading.Event(), threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        gate.wait(20)

    session.disk.ask(slow)
    qtbot.waitUntil(begun.is_set, timeout=10_000)
    session.disk.ask(saved.set)
    session.shut_down()
    assert not saved.is_set()
    gate.set()
    assert session.linger()
    assert saved.is_set()


def test_that_a_long_export_keeps_neither_a_stroke_nor_the_end_of_the_program_waiting(qapp: object, qtbot: QtBot) -> None:
    session = Session()
    begun, gate, saved = threading.Event(), threading.Event(), threading.Event()

    def long() -> Iterator[None]:
        begun.set()
        gate.wait(20)
        yield

    session.disk.begin(long(), lambda event: None)
    qtbot.waitUntil(begun.is_set, timeout=10_000)
    session.disk.ask(saved.set)
    session.shut_down()
    assert saved.is_set()
    assert not session.linger()  # so that the process ends at once
    gate.set()
    qtbot.waitUntil(lambda: not session.disk.working, timeout=10_000)


def test_that_undo_does_not_reach_back_before_a_project_was_opened_again(opened: Session, qtbot: QtBot) -> None:
    folder = opened.project.path
    opened.add_class("cyst")
    assert opened.annotation.can_undo
    opened.close_project()
    with qtbot.waitSignal(opened.case_opened, timeout=10_000):
        opened.open_paths([folder])
    assert "cyst" in [known.name for known in opened.classes]
    assert not opened.annotation.can_undo


def test_that_the_window_says_why_a_network_is_not_exported(opened: Session, tmp_path: Path) -> None:
    told: list[str] = []
    opened.notice.connect(lambda text, level: told.append(text))
    opened.networks.export(opened.project.path, tmp_path / "a.onnx")  # there is no worker
    assert told[-1] == NOT_UP


def test_that_the_window_says_why_a_press_paints_nothing(opened: Session) -> None:
    told: list[tuple[str, str]] = []
    opened.notice.connect(lambda text, level: told.append((text, level)))
    opened.annotation.set_active_class(1)
    opened.change(lambda project: project.classes.lock(1, True))
    opened.annotation.press(Pointer(20, 10))
    assert not opened.annotation.stroke_active
    assert [level for _, level in told] == ["info"] and "locked" in told[0][0]


def test_that_the_time_a_command_learned_in_is_not_the_windows(opened: Session, qtbot: QtBot) -> None:
    folder = opened.project.path
    opened.close_project()
    qtbot.waitUntil(lambda: not (folder / "lock").exists(), timeout=10_000)
    with Project.open(folder) as stored:
        stored.update(training=TrainingSettings(base=24, seconds=60.0, steps=500))
        stored.save()
    with qtbot.waitSignal(opened.case_opened, timeout=10_000):
        opened.open_paths([folder])
    assert opened.learning.settings == TrainingSettings(base=24)
