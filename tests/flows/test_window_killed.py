"""`kill -9` of the real window at any moment: every stroke that it called saved is there, and no process is left behind."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from unetstudio.project.project import Project
from unetstudio.project.store import read_labels
from unetstudio.ui.session import Session

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
Start = Callable[..., Any]


def test_that_a_killed_window_loses_no_stroke_that_it_called_saved(start: Start, images: Path, qtbot: QtBot, qapp: object) -> None:
    project, before = images.parent / "images.unetstudio", 0
    for saves in (1, 2, 5, 13, 29):
        window = start(images)
        for _ in range(saves):
            window.says("saved")
        window.process.kill()
        window.rest()
        promised = int(window.all("saved")[-1][0])
        states = {before + int(number): digest for number, digest in window.all("painted")}
        with Project.open(project, read_only=True) as opened:
            labels, sequence = read_labels(project, opened.cases[0])
            assert len(opened.cases) == 1
        assert before + promised <= sequence <= max(states)
        assert hashlib.sha256(labels.values.tobytes()).hexdigest() == states[sequence]
        before = sequence
    again = Session()
    again.start_worker = lambda: None  # type: ignore[method-assign]
    try:
        again.open_paths([project])
        qtbot.waitUntil(lambda: again.labels is not None, timeout=10_000)
        assert not again.read_only
        assert hashlib.sha256(again.labels.values.tobytes()).hexdigest() == states[before]
        again.annotation.undo()
        assert hashlib.sha256(again.labels.values.tobytes()).hexdigest() == states[before - 1]
    finally:
        again.shut_down()


def test_that_the_learner_of_a_killed_window_ends_by_itself(start: Start, images: Path) -> None:
    window = start(images, 2)
    window.says("event", "WorkerReady")
    family = window.family
    assert len(family) > 1
    window.process.kill()
    assert not window.alive(family, 15)
