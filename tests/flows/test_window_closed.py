"""The window closed while it learns: it ends with status 0, asks nothing, leaves no process, and everything is on the disk."""

from __future__ import annotations

import hashlib
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from unetstudio.project.checkpoints import cards
from unetstudio.project.project import Project
from unetstudio.project.store import read_labels

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
Start = Callable[..., Any]


def end(window: Any, how: signal.Signals = signal.SIGTERM) -> str:
    """Closes it; what it said on standard error."""
    family = window.family
    window.process.send_signal(how)
    error = window.rest()
    assert not window.alive(family, 1)
    assert window.process.returncode == 0
    assert "Traceback" not in error
    return str(error)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_that_a_window_closed_while_it_learns_has_saved_all_and_leaves_no_process(start: Start, images: Path, how: signal.Signals) -> None:
    window = start(images, 30)
    window.says("event", "TrainingStarted")
    end(window, how)
    project = images.parent / "images.unetstudio"
    with Project.open(project) as opened:
        assert not opened.read_only
        labels, sequence = read_labels(project, opened.cases[0])
    painted = window.all("painted")
    assert sequence == len(painted)
    assert hashlib.sha256(labels.values.tobytes()).hexdigest() == painted[-1][1]
    assert not list(project.rglob("*.tmp"))


def test_that_a_window_closed_in_the_middle_of_painting_has_saved_all(start: Start, images: Path) -> None:
    window = start(images)
    window.says("saved")
    end(window)
    project = images.parent / "images.unetstudio"
    with Project.open(project, read_only=True) as opened:
        assert read_labels(project, opened.cases[0])[1] == len(window.all("painted"))


def test_that_a_window_reopened_goes_on_learning_from_its_checkpoint(start: Start, images: Path) -> None:
    window = start(images, 30)
    window.says("event", "RoundDone")
    end(window)
    kept = cards(images.parent / "images.unetstudio" / "checkpoints")
    assert kept
    again = start(images.parent / "images.unetstudio", 0)
    again.says("event", "TrainingStarted")
    end(again)
    assert cards(images.parent / "images.unetstudio" / "checkpoints")[0].step >= kept[0].step


def test_that_a_window_closed_before_it_opened_anything_ends_at_once(start: Start, tmp_path: Path) -> None:
    (tmp_path / "words.png").write_text("these are words")
    window = start(tmp_path / "words.png")
    assert window.says("notice", "error")
    end(window)
    assert [p.name for p in tmp_path.iterdir()] == ["words.png"]
