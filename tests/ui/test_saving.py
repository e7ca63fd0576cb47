"""The status bar's words on saving: "saved" only when it is on the disk, and a word on everything that is not."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from unetstudio.data.case import ReviewState
from unetstudio.errors import ProjectError
from unetstudio.project import durable
from unetstudio.project.project import Project
from unetstudio.project.store import read_labels
from unetstudio.tools.tool import Pointer
from unetstudio.ui.saving import Trouble
from unetstudio.ui.session import Session

Paint = Callable[..., None]


@pytest.fixture
def states(opened: Session) -> list[tuple[str, str]]:
    """Every state of saving that the status bar was given."""
    reports: list[tuple[str, str]] = []
    opened.save_state_changed.connect(lambda text, level: reports.append((text, level)))
    return reports


def refuse(problem: int) -> Callable[..., int]:
    """Refuse to write, like a disk that takes nothing."""

    def write(handle: int, data: bytes) -> int:
        raise OSError(problem, os.strerror(problem))

    return write


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "the disk is read-only"),
        (errno.EACCES, "no permission"),
        (errno.EIO, "reports a fault"),
    ],
)
def test_that_a_refused_stroke_is_reported_and_kept_until_the_disk_takes_it(
    opened: Session, paint: Paint, states: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch, qtbot: QtBot, problem: int, words: str
) -> None:
    with monkeypatch.context() as disk:
        disk.setattr(durable.os, "write", refuse(problem))
        paint(opened, 20, 10, 20, 60, value=1)
        paint(opened, 40, 10, 40, 60, value=0)
        opened.annotation.undo()
        qtbot.waitUntil(lambda: not opened.saver.busy, timeout=10_000)
    assert states[-1][1] == "bad"
    assert words in states[-1][0]
    assert not any(text == "All saved" for text, _ in states)
    opened.saver._ask(lambda writer: writer.retry())  # what the timer does every five seconds
    qtbot.waitUntil(lambda: states[-1] == ("All saved", "good"), timeout=10_000)
    labels, sequence = read_labels(opened.project.path, opened.case.case)
    assert sequence == 3
    assert np.array_equal(labels.values, opened.labels.values)


def test_that_another_case_is_not_opened_over_strokes_that_are_not_saved(
    opened: Session, paint: Paint, states: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    first = opened.case.case
    with monkeypatch.context() as disk:
        disk.setattr(durable.os, "write", refuse(errno.ENOSPC))
        paint(opened, 20, 10, 20, 60, value=1)
        with qtbot.waitSignal(opened.case_failed, timeout=10_000) as failed:
            opened.case_opener.step(+1)
        assert "disk is full" in failed.args[1]
    assert opened.case.id == first.id
    with qtbot.waitSignal(opened.case_opened, timeout=10_000):
        opened.case_opener.step(+1)
    assert read_labels(opened.project.path, first)[1] == 1


def test_that_refused_settings_are_saved_later(
    opened: Session, states: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    with monkeypatch.context() as disk:
        disk.setattr(durable.os, "write", refuse(errno.ENOSPC))
        opened.change(lambda project: project.classes.rename(1, "Nucleus"))
        opened.saver.save_now()
        qtbot.waitUntil(lambda: bool(states) and states[-1][1] == "bad", timeout=10_000)
    opened.saver._ask(lambda writer: writer.retry())
    qtbot.waitUntil(lambda: states[-1] == ("All saved", "good"), timeout=10_000)
    with Project.open(opened.project.path, read_only=True) as stored:
        assert stored.classes[1].name == "Nucleus"


def test_that_an_error_of_the_program_in_saving_is_never_called_saved(
    opened: Session, paint: Paint, states: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    with monkeypatch.context() as bug:
        bug.setattr(durable.os, "write", lambda handle, data: 1 / 0)
        paint(opened, 20, 10, 20, 60, value=1)
    assert states[-1][1] == "bad"
    assert states[-1][0].startswith("NOT SAVED")
    paint(opened, 40, 10, 40, 60, value=1)
    assert states[-1] == ("All saved", "good")
    assert read_labels(opened.project.path, opened.case.case)[1] == 2


def test_that_painting_stops_when_another_program_took_the_project(
    opened: Session, paint: Paint, states: list[tuple[str, str]], qtbot: QtBot
) -> None:
    paint(opened, 20, 10, 20, 60, value=1)
    (opened.project.path / "lock").write_bytes(b'{"somebody": "else"}')
    before = read_labels(opened.project.path, opened.case.case)[1]
    paint(opened, 40, 10, 40, 60, value=0)
    qtbot.waitUntil(lambda: states[-1][1] == "bad", timeout=10_000)
    drawn = opened.labels.values.copy()
    paint(opened, 60, 10, 60, 60, value=1)
    assert np.array_equal(opened.labels.values, drawn)
    assert read_labels(opened.project.path, opened.case.case)[1] == before


def test_that_a_stroke_that_ends_before_the_loss_of_the_project_is_reported_is_not_forgotten(
    opened: Session, paint: Paint, tmp_path: Path, qtbot: QtBot
) -> None:
    lost: list[str] = []
    opened.saver.lost.connect(lost.append)
    paint(opened, 20, 10, 20, 60, value=1)
    qtbot.waitUntil(lambda: not opened.saver.busy, timeout=10_000)
    (opened.project.path / "lock").write_bytes(b'{"somebody": "else"}')
    with pytest.raises(ProjectError, match="in use by another program"):
        opened.project.writer.project.heartbeat()  # the disk thread knows, the window does not yet
    paint(opened, 40, 10, 40, 60, value=1)
    opened.annotation.undo()
    qtbot.waitUntil(lambda: not opened.saver.busy, timeout=10_000)
    assert opened.saver.trouble is not None and opened.saver.trouble.lost
    assert opened.saver.trouble.waiting == opened.project.writer.waiting > 0
    assert len(lost) == 1


def test_that_settings_saved_while_the_project_is_lost_are_not_called_saved(
    opened: Session, states: list[tuple[str, str]], qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: not opened.saver.busy, timeout=10_000)
    (opened.project.path / "lock").write_bytes(b'{"somebody": "else"}')
    answered = threading.Event()
    opened.disk.ask(answered.wait)
    opened.change(lambda project: project.classes.rename(1, "Nucleus"))
    opened.saver._keep_alive()  # finds the loss
    opened.saver.save_now()  # asked before the window hears of it
    answered.set()
    qtbot.waitUntil(lambda: not opened.saver.busy, timeout=10_000)
    assert states[-1] == ("NOT SAVED: open the project again", "bad")
    assert opened.saver.trouble is not None and opened.saver.trouble.lost
    opened.saver.save_now()
    assert not opened.saver.busy


def test_that_a_loss_found_by_opening_a_case_is_reported_with_the_next_heartbeat(opened: Session, qtbot: QtBot) -> None:
    lost: list[str] = []
    opened.saver.lost.connect(lost.append)
    (opened.project.path / "lock").write_bytes(b'{"somebody": "else"}')
    with qtbot.waitSignal(opened.case_failed, timeout=10_000):
        opened.project.keep_view()
        opened.case_opener.step(+1)
    opened.saver._keep_alive()
    qtbot.waitUntil(lambda: bool(lost), timeout=10_000)
    assert "in use by another program" in lost[0]


def test_that_the_trouble_counts_what_waits_and_ends_with_it(
    opened: Session, paint: Paint, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    reports: list[Trouble | None] = []
    opened.saver.trouble_changed.connect(reports.append)
    with monkeypatch.context() as disk:
        disk.setattr(durable.os, "write", refuse(errno.ENOSPC))
        paint(opened, 20, 10, 20, 60, value=1)
        paint(opened, 40, 10, 40, 60, value=1)
    assert [trouble.waiting for trouble in reports if trouble is not None][-1] == 2
    assert reports[-1] is not None and "the disk is full" in reports[-1].sentence
    opened.saver.save_now()
    qtbot.waitUntil(lambda: reports[-1] is None, timeout=10_000)


def test_that_a_judgement_of_a_case_that_is_removed_before_it_is_saved_holds_up_no_stroke(
    opened: Session, paint: Paint, states: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    second = opened.cases[1]
    with monkeypatch.context() as disk:
        disk.setattr(durable.os, "write", refuse(errno.ENOSPC))
        opened.change(lambda project: project.cases.review(second.id, ReviewState.ACCEPTED))
        paint(opened, 20, 10, 20, 60, value=1)
        opened.change(lambda project: project.cases.remove(second.id))
        opened.saver.save_now()
        qtbot.waitUntil(lambda: not opened.saver.busy, timeout=10_000)
    opened.saver.save_now()
    qtbot.waitUntil(lambda: states[-1] == ("All saved", "good"), timeout=10_000)
    assert read_labels(opened.project.path, opened.case.case)[1] == 1


def test_that_minutes_of_refusals_are_called_long(opened: Session, paint: Paint, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> None:
    opened.saver._long.setInterval(1)
    with monkeypatch.context() as disk:
        disk.setattr(durable.os, "write", refuse(errno.ENOSPC))
        paint(opened, 20, 10, 20, 60, value=1)
        qtbot.waitUntil(lambda: opened.saver.trouble is not None and opened.saver.trouble.long, timeout=10_000)


def test_that_an_unfinished_stroke_is_recovered_after_a_crash_up_to_its_last_part(opened: Session, qtbot: QtBot, tmp_path: Path) -> None:
    opened.annotation.press(Pointer(20, 10))
    opened.annotation.move(Pointer(20, 60))
    opened.annotation._keep_part()  # what the timer does
    qtbot.waitUntil(lambda: not opened.saver.busy, timeout=10_000)
    painted = opened.labels.values.copy()
    crashed = shutil.copytree(opened.project.path, tmp_path / "crashed.unetstudio")
    (crashed / "lock").unlink()
    opened.annotation.move(Pointer(60, 60))
    opened.annotation.release()
    qtbot.waitUntil(lambda: not opened.saver.busy, timeout=10_000)
    with Project.open(crashed) as project:
        loaded = project.store(opened.case.id).load(opened.case.case.shape)
    assert np.array_equal(loaded.labels.values, painted)
    assert loaded.sequence == 1
    assert loaded.recovered
    assert read_labels(opened.project.path, opened.case.case)[1] == 1
    assert np.array_equal(read_labels(opened.project.path, opened.case.case)[0].values, opened.labels.values)


def test_that_parts_that_wait_give_way_to_the_whole_stroke(opened: Session, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> None:
    with monkeypatch.context() as disk:
        disk.setattr(durable.os, "write", refuse(errno.ENOSPC))
        opened.annotation.press(Pointer(20, 10))
        for column in (20, 30, 40):
            opened.annotation.move(Pointer(20, column))
            opened.annotation._keep_part()
        opened.annotation.release()
        qtbot.waitUntil(lambda: not opened.saver.busy, timeout=10_000)
    assert len(opened.project.writer._waiting.group()) == 1
    assert opened.project.writer.waiting == 1


def test_that_a_nearly_full_disk_is_reported_once(opened: Session, qtbot: QtBot) -> None:
    reports: list[str] = []
    opened.saver.space_low.connect(reports.append)
    for sentence in ("Little room.", "Little room.", "", "Little room."):
        opened.saver._warn(sentence)
    assert reports == ["Little room.", "Little room."]
