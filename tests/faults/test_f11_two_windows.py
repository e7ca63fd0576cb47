"""F11: one project and two windows, on one computer or two; locks that nobody holds any more; clocks that jump."""

from __future__ import annotations

import json
import os
import platform
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faults.window import digest, opened, pictures
from pytestqt.qtbot import QtBot

from unetstudio.project.lock import STALE, acquire
from unetstudio.project.project import Project
from unetstudio.project.store import read_labels
from unetstudio.tools.tool import Pointer
from unetstudio.ui.session import Session

BAR = "the second is read-only and says why; 0 strokes lost"


@pytest.fixture
def window(qapp: object, qtbot: QtBot) -> Iterator[Callable[[Path], Session]]:
    """Opens windows' sessions, without a learner."""
    made: list[Session] = []

    def open_session(path: Path) -> Session:
        session = Session()
        session.start_worker = lambda: None  # type: ignore[method-assign]
        session.told = []  # type: ignore[attr-defined]
        session.notice.connect(lambda text, level: session.told.append(text))  # type: ignore[attr-defined]
        made.append(session)
        session.open_paths([path])
        qtbot.waitUntil(lambda: session.case is not None, timeout=20_000)
        return session

    yield open_session
    for session in made:
        session.shut_down()


@pytest.fixture
def project(tmp_path: Path, window: Callable[[Path], Session], qtbot: QtBot) -> Path:
    """With one stroke, and closed."""
    session = window(pictures(tmp_path / "images"))
    paint(session, 10, qtbot)
    session.close_project()
    qtbot.waitUntil(lambda: not (tmp_path / "images.unetstudio" / "lock").exists(), timeout=10_000)
    return tmp_path / "images.unetstudio"


def paint(session: Session, row: float, qtbot: QtBot) -> None:
    """A stroke that changes something, whatever was there."""
    assert session.labels is not None
    session.annotation.set_active_class(int(session.labels.values[0, round(row), 30] == 0))
    session.annotation.press(Pointer(row, 10))
    session.annotation.move(Pointer(row, 60))
    session.annotation.release()
    qtbot.waitUntil(lambda: not session.saver.busy, timeout=10_000)


def sequence(project: Path) -> int:
    """Changes on the disk, of all cases."""
    with Project.open(project, read_only=True) as found:
        return sum(read_labels(project, case)[1] for case in found.cases)


def held(project: Path, silent: float, **other: object) -> None:
    """Leaves a lock that was last touched so many seconds ago."""
    holder = {"host": "ward-7", "pid": 4711, "user": "anna", "version": "1.0", "started": 1.0, "token": "t", **other}
    (project / "lock").write_text(json.dumps(holder))
    os.utime(project / "lock", (time.time() - silent, time.time() - silent))


def test_that_a_second_window_is_read_only_and_loses_nothing_of_the_first(
    project: Path, window: Callable[[Path], Session], qtbot: QtBot, figure: Callable[..., None], long: bool
) -> None:
    rounds, good = (40 if long else 3), 0
    for number in range(rounds):
        first = window(project)
        second = window(project)
        before = sequence(project)
        paint(first, 20 + number % 30, qtbot)
        paint(second, 60, qtbot)  # refused
        told = " ".join(second.told)  # type: ignore[attr-defined]
        words = "another window on this computer" in told and "reading only" in told and "process" not in told
        good += second.read_only and not first.read_only and words and sequence(project) == before + 1
        first.close_project()
        second.close_project()
        qtbot.waitUntil(lambda: not (project / "lock").exists(), timeout=10_000)
        paint_alone = window(project)
        assert not paint_alone.read_only
        paint_alone.shut_down()
    figure("F11", "a second window on the same project, both painting", bar=BAR, n=rounds, good=good)
    assert good == rounds


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_that_a_project_whose_window_was_killed_opens_for_writing_at_once(
    project: Path, window: Callable[[Path], Session], qtbot: QtBot, figure: Callable[..., None], long: bool
) -> None:
    rounds, good, chance = (25 if long else 1), 0, random.Random(11)
    for number in range(rounds):
        with opened(project, seed=number) as killed:
            assert killed.says("saved", times=chance.randrange(1, 9))
            killed.kill()
        assert (project / "lock").exists()
        session = window(project)
        painted = sequence(project)
        paint(session, 70, qtbot)
        good += not session.read_only and sequence(project) == painted + 1
        session.shut_down()
    figure("F11", "the window was killed and its lock is left", bar="opens for writing at once, 0 strokes lost", n=rounds, good=good)
    assert good == rounds


@pytest.mark.parametrize("silent", [0.0, STALE - 30, STALE + 30, 86_400.0])
def test_that_a_lock_of_another_computer_counts_as_long_as_it_beats(
    project: Path, window: Callable[[Path], Session], qtbot: QtBot, figure: Callable[..., None], silent: float
) -> None:
    held(project, silent)
    session, before = window(project), sequence(project)
    fresh = silent < STALE
    told = " ".join(session.told)  # type: ignore[attr-defined]
    paint(session, 60, qtbot)
    good = session.read_only == fresh and ("another computer, ward-7 (anna)" in told) == fresh and sequence(project) == before + (not fresh)
    what = f"lock of another computer, last touched {silent:.0f} s ago"
    figure("F11", what, bar="read-only" if fresh else "opens for writing", n=1, good=int(good))
    assert good


def test_that_a_lock_of_a_process_number_that_is_another_program_now_is_taken_once_it_is_silent(
    project: Path, window: Callable[[Path], Session]
) -> None:
    held(project, STALE + 30, host=platform.node(), pid=os.getpid(), started=1.0)
    assert not window(project).read_only


def test_that_an_unreadable_lock_is_respected_while_fresh_and_taken_when_stale(project: Path, window: Callable[[Path], Session]) -> None:
    (project / "lock").write_bytes(b"\0" * 40)
    first = window(project)
    assert first.read_only
    first.close_project()
    os.utime(project / "lock", (1.0, 1.0))
    assert not window(project).read_only


@pytest.mark.parametrize("jump", [-86_400.0, -600.0, 600.0, 86_400.0])
def test_that_a_clock_that_jumps_costs_nobody_the_lock_or_a_stroke(
    project: Path,
    window: Callable[[Path], Session],
    qtbot: QtBot,
    figure: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    jump: float,
) -> None:
    clock = time.time
    session, before = window(project), sequence(project)
    with monkeypatch.context() as moved:
        moved.setattr(time, "time", lambda: clock() + jump)
        paint(session, 30, qtbot)
        session.saver._ask(lambda writer: writer.beat())
        qtbot.waitUntil(lambda: not session.saver.busy, timeout=10_000)
        second = window(project)
        paint(session, 40, qtbot)
    good = not session.read_only and second.read_only and sequence(project) == before + 2
    labels = read_labels(project, session.cases[0])[0]
    good = good and session.labels is not None and digest(labels) == digest(session.labels)
    figure("F11", f"the clock jumps by {jump:+.0f} s while the project is open", bar=BAR, n=1, good=int(good))
    assert good


def test_that_a_window_that_slept_while_another_took_over_writes_nothing_more_and_says_so(
    project: Path, window: Callable[[Path], Session], qtbot: QtBot, figure: Callable[..., None]
) -> None:
    slept, before = window(project), sequence(project)
    (project / "lock").unlink()  # as another computer does after two minutes without a beat
    other = acquire(project)
    paint(slept, 50, qtbot)
    qtbot.waitUntil(lambda: slept.annotation.read_only, timeout=10_000)
    told = " ".join(slept.told)  # type: ignore[attr-defined]
    good = sequence(project) == before and "in use by another program now" in told and not other.lost  # type: ignore[union-attr]
    figure("F11", "a computer wakes up after another took the project over", bar="writes nothing more and says so", n=1, good=int(good))
    assert good
