"""`kill -9` of the learner while it trains for the window: noticed, named, started again; painting never stops."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from unetstudio.project.store import read_labels
from unetstudio.settings import TrainingSettings
from unetstudio.tools.tool import Pointer
from unetstudio.training.events import StepDone, TrainingStarted
from unetstudio.ui.session import Session
from unetstudio.ui.worker_thread import RESTARTS, WorkerThread
from unetstudio.worker.messages import Event, WorkerDied, WorkerReady

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
SMALL = TrainingSettings(base=4, depth=2, patch=32, batch=2, device="cpu", threads=1, round_seconds=0.5)


@pytest.fixture
def session(qapp: object, images: Path, qtbot: QtBot) -> Iterator[tuple[Session, list[Event]]]:
    """A session with one picture open and its own learner at work; and what the learner says."""
    made, events = Session(), []
    made.worker.event_received.connect(events.append)
    made.open_paths([images])
    qtbot.waitUntil(lambda: made.case is not None, timeout=10_000)
    made.learning.set_settings(SMALL)
    yield made, events
    made.shut_down()


def paint(session: Session, row: float, value: int) -> None:
    session.annotation.set_active_class(value)
    session.annotation.press(Pointer(row, 10))
    session.annotation.move(Pointer(row, 80))
    session.annotation.release()


def test_that_a_killed_learner_is_named_and_started_again_and_learns_what_was_painted_meanwhile(
    session: tuple[Session, list[Event]], qtbot: QtBot
) -> None:
    made, events = session
    told: list[str] = []
    made.notice.connect(lambda text, level: told.append(text))

    def said(kind: type) -> Callable[[], bool]:
        return lambda: any(isinstance(event, kind) for event in events)

    paint(made, 10, 0)
    paint(made, 40, 1)
    qtbot.waitUntil(said(StepDone), timeout=60_000)
    killed = made.worker.pid
    events.clear()
    os.kill(killed, signal.SIGKILL)
    paint(made, 60, 1)  # nobody has noticed yet
    qtbot.waitUntil(said(WorkerDied), timeout=10_000)
    paint(made, 70, 0)  # there is no learner now
    assert any("ended from outside" in text and "being started again" in text and "Nothing you painted is lost" in text for text in told)
    qtbot.waitUntil(said(WorkerReady), timeout=60_000)
    assert made.worker.pid not in (0, killed)
    qtbot.waitUntil(said(TrainingStarted), timeout=60_000)
    qtbot.waitUntil(said(StepDone), timeout=60_000)
    assert made.learning.state.phase == "training"
    qtbot.waitUntil(lambda: not made.saver.busy, timeout=10_000)
    assert made.project is not None
    assert made.case is not None
    labels, sequence = read_labels(made.project.path, made.case.case)
    assert sequence == 4
    assert made.labels is not None
    assert (labels.values == made.labels.values).all()


def test_that_a_project_closed_while_its_learner_starts_ends_in_order(images: Path, qtbot: QtBot, qapp: object) -> None:
    made = Session()
    made.open_paths([images])
    qtbot.waitUntil(lambda: made.worker.pid > 0, timeout=10_000)
    made.shut_down()
    assert made.worker.isFinished()
    assert made.disk.isFinished()


def test_that_a_learner_that_the_system_refuses_is_told_and_painting_goes_on(
    images: Path, qtbot: QtBot, qapp: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno
    import multiprocessing.popen_spawn_posix as spawning

    def refuse(*_: object) -> None:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(spawning.Popen, "_launch", refuse)
    made, told = Session(), []
    made.notice.connect(lambda text, level: told.append((text, level)))
    try:
        made.open_paths([images])
        qtbot.waitUntil(lambda: bool(told), timeout=10_000)
        assert told[0][0].startswith("The learner cannot be started")
        assert told[0][1] == "error"
        qtbot.waitUntil(lambda: made.case is not None, timeout=10_000)
        paint(made, 10, 1)
        qtbot.waitUntil(lambda: not made.saver.busy, timeout=10_000)
        assert made.project is not None
        assert made.case is not None
        assert read_labels(made.project.path, made.case.case)[1] == 1
    finally:
        made.shut_down()


def test_that_a_learner_that_dies_again_and_again_is_given_up_with_a_sentence(qapp: object, qtbot: QtBot) -> None:
    thread, died = WorkerThread(), []
    thread.event_received.connect(lambda event: died.append(event) if isinstance(event, WorkerDied) else None)
    thread.start()
    try:
        for number in range(1, RESTARTS + 1):
            qtbot.waitUntil(lambda: thread.pid > 0, timeout=10_000)
            os.kill(thread.pid, signal.SIGKILL)
            qtbot.waitUntil(lambda n=number: len(died) == n, timeout=10_000)  # type: ignore[misc]
        assert [event.restarting for event in died] == [True] * (RESTARTS - 1) + [False]
        assert "open the window again" in died[-1].reason
        qtbot.waitUntil(thread.isFinished, timeout=10_000)
    finally:
        thread.finish()
