"""F10: whatever goes wrong in the learner's process is noticed, named and outlived; nothing painted changes."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest
from faults.unwell import Unwell
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from unetstudio.data.classes import ClassTable
from unetstudio.data.edit import Edit, constant
from unetstudio.data.labels import UNLABELLED
from unetstudio.data.origin import Origin
from unetstudio.data.region import Region
from unetstudio.formats import discover
from unetstudio.project.project import Project
from unetstudio.project.record import Kind
from unetstudio.project.store import read_labels
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import StepDone
from unetstudio.ui.worker_thread import WorkerThread
from unetstudio.worker.messages import Event, JobFailed, OpenStudy, Train, WorkerDied, WorkerReady
from unetstudio.worker.process import WorkerProcess
from unetstudio.worker.watch import WatchLimits
from unetstudio.workspace.add_images import CaseRead, read_images

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="made with Unix signals and file descriptors")

SETTINGS = TrainingSettings(network="unwell", base=4, depth=2, patch=32, batch=2, device="cpu", threads=1, round_seconds=0.3)
DEATH, HANG = 2.0, 10.0  # seconds within which each must be noticed
SLOW = 15.0  # after which a step in this test counts as endless; the program waits for three minutes
CASES = {  # what goes wrong: what is said, and within how many seconds
    "kill": ("ended from outside", DEATH),
    "wait": ("did not answer", HANG),
    "no pickle": ("cannot be understood", DEATH),
    "segfault": ("crashed (SIGSEGV)", DEATH),
    "abort": ("crashed (SIGABRT)", DEATH),
    "exit": ("ended by itself (exit code 0)", DEATH),
    "sys.exit": ("ended by itself (exit code 0)", DEATH),
    "stop": ("did not answer", HANG),
    "spin": ("did not get on", SLOW + 3),
    "no event": ("cannot be understood", DEATH),
    "zeros": ("cannot be understood", DEATH),
    "noise": ("cannot be understood", DEATH),
    "huge length": ("cannot be understood", DEATH),
    "half a message": ("ended by itself", DEATH),
    "half a message, then nothing": ("did not answer", HANG),
}
QUICK = ("kill", "wait")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """One picture of a bright disc with a stroke of each class, on the disk."""
    picture = np.full((64, 64), 40, np.uint8)
    cv2.circle(picture, (32, 32), 14, 200, -1)
    cv2.imwrite(str(tmp_path / "disc.png"), picture)
    made = Project.create(tmp_path / "disc.unetstudio", ClassTable.named(["background", "disc"], [(90, 90, 90), (0, 200, 0)]))
    made.add_cases(found.case for found in read_images(discover([tmp_path / "disc.png"])) if isinstance(found, CaseRead))
    made.save()
    store = made.store(made.cases[0])
    store.load(made.cases[0].shape)
    for row, value in ((4, 0), (32, 1)):
        region = Region((0, row, 20), (1, row + 1, 40))
        new, none = constant(value, 20), constant(0, 20)
        mask, before = np.ones(region.shape, np.bool_), constant(UNLABELLED, 20)
        store.append(Kind.EDIT, Edit.of(region, mask, before, new, none, constant(Origin.PAINTED, 20), tool="brush", value=value))
    return made


class Watched(QObject):
    """A supervised learner, what it says, and when."""

    def __init__(self, project: Project, fault: str, once: Path, limits: WatchLimits, qtbot: QtBot) -> None:
        super().__init__()
        self.events: list[Event] = []
        self.done_at = 0.0
        self._project, self._qtbot = project, qtbot
        child = Unwell(fault, once=once)
        self.thread = WorkerThread(start=lambda: WorkerProcess(limits, logs=once.parent / "log", child=child))
        self.thread.event_received.connect(self._take)
        self._once = once
        self.thread.start()

    def wait(self, kind: type[Event], seconds: float = 90) -> Event:
        self._qtbot.waitUntil(lambda: any(isinstance(event, kind) for event in self.events), timeout=int(1000 * seconds))
        return next(event for event in self.events if isinstance(event, kind))

    def learn(self) -> None:
        self.thread.ask(OpenStudy(self._project.folder, self._project.classes, self._project.cases))
        self.thread.ask(Train(SETTINGS))

    def end(self) -> None:
        self.thread.finish()
        assert self.thread.wait(20_000)

    def _take(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, WorkerDied):
            self.done_at = time.time()


def digest(folder: Path) -> str:
    """Of everything that was painted."""
    files = sorted(path for path in (folder / "cases").rglob("*") if path.is_file() and path.name != "prediction.h5")
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


@pytest.mark.parametrize("fault", CASES)
@pytest.mark.timeout(180)
def test_that_a_learner_that_goes_wrong_is_named_and_started_again_and_the_strokes_stay(
    fault: str, project: Project, tmp_path: Path, qtbot: QtBot, long: bool, figure: Callable[..., None]
) -> None:
    if fault not in QUICK and not long:
        pytest.skip("a long form: --long")
    said, within = CASES[fault]
    before = digest(project.folder)
    once = tmp_path / "once"
    watched = Watched(project, fault, once, WatchLimits(slow=SLOW) if fault == "spin" else WatchLimits(), qtbot)
    good = 0
    try:
        watched.wait(WorkerReady)
        first = watched.thread.pid
        watched.learn()
        died = watched.wait(WorkerDied)
        took = watched.done_at - once.stat().st_mtime
        assert isinstance(died, WorkerDied)
        assert died.restarting
        assert said in died.reason
        if fault in ("segfault", "abort", "wait"):
            assert "unwell.py" in died.detail
            assert str(Path.home()) not in died.detail
        watched.events.clear()
        watched.wait(WorkerReady)
        assert not psutil.pid_exists(first) or psutil.Process(first).status() == psutil.STATUS_ZOMBIE
        watched.learn()
        watched.wait(StepDone)
        assert digest(project.folder) == before
        assert read_labels(project.folder, project.cases[0])[1] == 2
        good = int(took <= within)
        figure(
            "F10",
            f"learner: {fault}",
            bar=f"noticed within {within:.0f} s, named, started again, strokes untouched",
            n=1,
            good=good,
            note=f"after {took:.1f} s: “{died.reason.partition('. It is')[0]}”",
        )
    finally:
        watched.end()


@pytest.mark.parametrize("fault", ["exception", "no memory"])
def test_that_an_error_in_a_step_ends_the_training_and_not_the_learner(
    fault: str, project: Project, tmp_path: Path, qtbot: QtBot, long: bool, figure: Callable[..., None]
) -> None:
    if fault == "no memory" and not long:
        pytest.skip("a long form: --long")
    watched = Watched(project, fault, tmp_path / "once", WatchLimits(), qtbot)
    try:
        watched.wait(WorkerReady)
        first = watched.thread.pid
        watched.learn()
        if fault == "exception":
            failed = watched.wait(JobFailed)
            assert isinstance(failed, JobFailed)
            assert "KeyError" in failed.text
            watched.learn()
        watched.events.clear()
        watched.wait(StepDone)
        assert watched.thread.pid == first
        assert read_labels(project.folder, project.cases[0])[1] == 2
        figure("F10", f"learner: {fault}", bar="named, the same process goes on, strokes untouched", n=1, good=1)
    finally:
        watched.end()


def test_that_a_learner_ends_when_it_is_sent_what_it_cannot_understand(tmp_path: Path) -> None:
    worker = WorkerProcess()
    while not any(isinstance(event, WorkerReady) for event in worker.receive(0.5) or ()):
        pass
    os.write(worker._connection.fileno(), bytes(64))
    while worker.receive(0.5) is not None:
        pass
    assert "sent something that it cannot understand" in worker.cause()
    worker.close(0.1)
