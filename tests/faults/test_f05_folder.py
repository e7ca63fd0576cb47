"""F5: the project's folder becomes read-only, goes away or is changed under the window while it paints; and the images go away."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faults.window import digest, pictures
from pytestqt.qtbot import QtBot

from unetstudio.project.project import Project
from unetstudio.project.store import read_labels
from unetstudio.tools.tool import Pointer
from unetstudio.ui.session import Session

NOBODY = 65534
BAR = "the session goes on, says so, 0 strokes lost"
TO_THE_END = "0 strokes lost when the window is closed and the project comes back"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="permissions of Unix")


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that an ordinary user can reach, with a home in it."""
    folder = Path(tempfile.mkdtemp())
    (folder / "home").mkdir()
    monkeypatch.setenv("UNETSTUDIO_HOME", str(folder / "home"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def window(place: Path, qapp: object, qtbot: QtBot) -> Iterator[Callable[[Path], Session]]:
    """Opens sessions without a learner; `told` is everything they said."""
    made: list[Session] = []

    def open_session(path: Path) -> Session:
        session = Session()
        session.start_worker = lambda: None  # type: ignore[method-assign]
        session.told = []  # type: ignore[attr-defined]
        session.faults = []  # type: ignore[attr-defined]
        session.notice.connect(lambda text, level: session.told.append(text))  # type: ignore[attr-defined]
        session.save_state_changed.connect(lambda text, level: None if level in ("good", "muted") else session.told.append(text))  # type: ignore[attr-defined]
        session.fault.connect(session.faults.append)  # type: ignore[attr-defined]
        made.append(session)
        session.open_paths([path])
        qtbot.waitUntil(lambda: session.case is not None and not session.tasks.running, timeout=20_000)
        return session

    yield open_session
    for session in made:
        session.shut_down()
        assert not session.faults  # type: ignore[attr-defined]


def paint(session: Session, chance: random.Random, times: int) -> None:
    """Strokes and undos, as fast as they come."""
    for _ in range(times):
        session.annotation.set_active_class(chance.randrange(2))
        session.annotation.press(Pointer(chance.uniform(0, 79), chance.uniform(0, 95)))
        session.annotation.move(Pointer(chance.uniform(0, 79), chance.uniform(0, 95)))
        session.annotation.release()
        if chance.random() < 0.2:
            session.annotation.undo()


def settled(session: Session, qtbot: QtBot) -> None:
    """Until the disk thread has done or refused everything asked."""
    qtbot.waitUntil(lambda: not session.saver.busy, timeout=20_000)


def shown(session: Session) -> str:
    """What is on the screen."""
    assert session.labels is not None
    return digest(session.labels)


def stored(project: Path) -> str:
    """What is on the disk, of the first case."""
    with Project.open(project, read_only=True) as found:
        return digest(read_labels(project, found.cases[0])[0])


# ------------------------------------------------------------------------------------------------------ what happens to it


@contextlib.contextmanager
def read_only(project: Path) -> Iterator[None]:
    """No file or folder of it takes anything."""
    modes = {path: path.stat().st_mode for path in [project, *project.rglob("*")]}
    for path, mode in modes.items():
        path.chmod(mode & 0o555)
    with ordinary_user(project.parent):
        yield
    for path, mode in modes.items():
        path.chmod(mode)


@contextlib.contextmanager
def ordinary_user(folder: Path) -> Iterator[None]:
    """As somebody for whom permissions hold, which they do not for the administrator."""
    if os.geteuid() != 0:
        yield
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@contextlib.contextmanager
def removed(project: Path) -> Iterator[None]:
    """Deleted, and put back from the backup that was made just before."""
    backup = project.with_name("backup")
    shutil.copytree(project, backup)
    shutil.rmtree(project)
    yield
    assert not project.exists()
    backup.rename(project)


@contextlib.contextmanager
def renamed(project: Path) -> Iterator[None]:
    """Under another name, and back."""
    project.rename(project.with_name("another.unetstudio"))
    yield
    assert not project.exists()
    project.with_name("another.unetstudio").rename(project)


@contextlib.contextmanager
def case_removed(project: Path) -> Iterator[None]:
    """The folder of its labels is moved away, and back."""
    folder = next((project / "cases").iterdir())
    folder.rename(project.with_name("case"))
    yield
    assert not folder.exists()
    project.with_name("case").rename(folder)


FAULTS = {"made read-only": read_only, "deleted": removed, "renamed": renamed, "robbed of the labels of a case": case_removed}


@pytest.mark.parametrize("fault", FAULTS)
def test_that_painting_goes_on_and_all_is_saved_when_the_folder_comes_back(
    place: Path, window: Callable[[Path], Session], qtbot: QtBot, figure: Callable[..., None], long: bool, fault: str
) -> None:
    chance, rounds, good = random.Random(fault), 25 if long else 1, 0
    for number in range(rounds):
        session = window(pictures(place / f"images-{number}"))
        project = place / f"images-{number}.unetstudio"
        paint(session, chance, chance.randrange(1, 12))
        settled(session, qtbot)
        with FAULTS[fault](project):
            paint(session, chance, chance.randrange(1, 12))
            settled(session, qtbot)
            said = bool(session.saver.refused) and session.saver.refused in " ".join(session.told)  # type: ignore[attr-defined]
        paint(session, chance, 2)
        session.saver._ask(lambda writer: writer.retry())  # what the timer does every five seconds
        settled(session, qtbot)
        good += said and not session.saver.refused and stored(project) == shown(session) and not session.read_only
        session.shut_down()
    figure("F5", f"the project is {fault} while painting, and comes back", bar=BAR, n=rounds, good=good)
    assert good == rounds


@pytest.mark.parametrize("fault", FAULTS)
def test_that_strokes_are_kept_when_the_window_is_closed_before_the_folder_comes_back(
    place: Path, window: Callable[[Path], Session], qtbot: QtBot, figure: Callable[..., None], long: bool, fault: str
) -> None:
    chance, rounds, good = random.Random(fault), 25 if long else 1, 0
    for number in range(rounds):
        session = window(pictures(place / f"images-{number}"))
        project = place / f"images-{number}.unetstudio"
        paint(session, chance, chance.randrange(1, 12))
        settled(session, qtbot)
        with FAULTS[fault](project):
            paint(session, chance, chance.randrange(1, 12))
            painted = shown(session)
            session.shut_down()
        with contextlib.suppress(FileNotFoundError):
            (project / "lock").unlink()  # ours: this process, which still runs, was not let to take it away
        again = window(project)
        settled(again, qtbot)
        good += shown(again) == painted == stored(project)
        again.shut_down()
    figure("F5", f"the project is {fault} while painting, and the window closed", bar=TO_THE_END, n=rounds, good=good)
    assert good == rounds


def other_journal(project: Path) -> None:
    """A journal is replaced by one of another length."""
    journal = max(project.rglob("strokes-*.journal"), key=lambda path: path.stat().st_mtime)
    journal.write_bytes(journal.read_bytes()[:-40])


def no_journal(project: Path) -> None:
    """A journal is deleted."""
    max(project.rglob("strokes-*.journal"), key=lambda path: path.stat().st_mtime).unlink()


def other_manifest(project: Path) -> None:
    """The list of cases is replaced by something else."""
    (project / "project.json").write_text("{}")


def no_manifest(project: Path) -> None:
    """The list of cases is deleted."""
    (project / "project.json").unlink()


REPLACED = {
    "a journal cut short": other_journal,
    "a journal deleted": no_journal,
    "project.json overwritten": other_manifest,
    "project.json deleted": no_manifest,
}


@pytest.mark.parametrize("what", REPLACED)
def test_that_a_file_changed_under_the_window_costs_no_stroke(
    place: Path, window: Callable[[Path], Session], qtbot: QtBot, figure: Callable[..., None], long: bool, what: str
) -> None:
    chance, rounds, good = random.Random(what), 25 if long else 1, 0
    for number in range(rounds):
        session = window(pictures(place / f"images-{number}"))
        project = place / f"images-{number}.unetstudio"
        paint(session, chance, chance.randrange(1, 12))
        settled(session, qtbot)
        REPLACED[what](project)
        paint(session, chance, chance.randrange(1, 12))
        settled(session, qtbot)
        painted = shown(session)
        session.shut_down()
        again = window(project)
        good += shown(again) == painted and not again.read_only
        again.shut_down()
    figure("F5", f"while painting: {what}", bar="0 strokes lost", n=rounds, good=good)
    assert good == rounds


def test_that_painting_goes_on_when_the_images_are_gone_and_the_next_one_is_missed_in_words(
    place: Path, window: Callable[[Path], Session], qtbot: QtBot, figure: Callable[..., None]
) -> None:
    images = pictures(place / "images")
    session, chance = window(images), random.Random(5)
    away = place / ".hidden" / "away"  # where nobody looks for them
    away.parent.mkdir()
    images.rename(away)
    paint(session, chance, 9)
    settled(session, qtbot)
    kept = stored(place / "images.unetstudio") == shown(session)
    with qtbot.waitSignal(session.case_failed, timeout=10_000) as failed:
        session.case_opener.step(+1)
    said = "was moved" in failed.args[1] and "drop" in failed.args[1]
    paint(session, chance, 3)
    settled(session, qtbot)
    kept = kept and stored(place / "images.unetstudio") == shown(session)
    with qtbot.waitSignal(session.case_opened, timeout=10_000) as found:
        session.open_paths([away])
    good = kept and said and found.args[0] == session.cases[1].id and not session.read_only
    figure("F5", "the images go away while painting, and are dropped again from their new place", bar=BAR, n=1, good=int(good))
    assert good


def test_that_labels_never_land_on_another_image_of_the_same_name(
    place: Path, window: Callable[[Path], Session], qtbot: QtBot, figure: Callable[..., None]
) -> None:
    images = pictures(place / "images")
    session = window(images)
    paint(session, random.Random(5), 5)
    session.case_opener.step(+1)
    qtbot.waitUntil(lambda: session.case.case is session.cases[1], timeout=10_000)
    shutil.copy(images / "nuclei.png", images / "cells.png")
    with qtbot.waitSignal(session.case_failed, timeout=10_000) as failed:
        session.case_opener.step(-1)
    good = "not the image that was painted" in failed.args[1] and session.case.case is session.cases[1]
    figure("F5", "an image is replaced by another of the same name", bar="refused in words", n=1, good=int(good))
    assert good
