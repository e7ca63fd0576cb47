"""Continuing in another folder when the project's own disk takes no more."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from unetstudio.project import durable
from unetstudio.project.project import Project
from unetstudio.project.store import read_labels
from unetstudio.ui.session import Session

Paint = Callable[..., None]


def fill_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fill the disk of a folder; every other one still takes data."""
    real = os.open

    def guarded(path: Any, flags: int, mode: int = 0o777) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR) and folder in Path(path).parents:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return real(path, flags, mode)

    monkeypatch.setattr(durable.os, "open", guarded)


def save_elsewhere(session: Session, parent: Path, qtbot: QtBot) -> Path:
    """Save elsewhere and wait until the copy is open."""
    with qtbot.waitSignals([session.project_opened, session.case_opened], timeout=10_000):
        session.save_as.begin(parent)
    assert session.project.path is not None
    return session.project.path


def test_that_strokes_which_a_full_disk_refused_are_in_the_copy_and_work_goes_on_there(
    opened: Session, paint: Paint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    paint(opened, 10, 10, 10, 60, value=1)
    old, elsewhere = opened.project.path, tmp_path / "other disk"
    elsewhere.mkdir()
    fill_up(old, monkeypatch)
    paint(opened, 30, 10, 30, 60, value=0)
    opened.annotation.undo()
    paint(opened, 50, 10, 50, 60, value=1)
    qtbot.waitUntil(lambda: opened.saver.trouble is not None and opened.saver.trouble.waiting == 3, timeout=10_000)
    painted, case = opened.labels.values.copy(), opened.case.case
    new = save_elsewhere(opened, elsewhere, qtbot)
    assert new.parent == elsewhere
    assert opened.saver.trouble is None
    paint(opened, 70, 10, 70, 60, value=0)
    labels, sequence = read_labels(new, opened.case.case)
    assert sequence == 5
    assert np.array_equal(labels.values[0, :60], painted[0, :60])
    assert read_labels(old, case)[1] == 1
    for _ in range(3):
        opened.annotation.undo()
    assert opened.labels.annotated == 0


def test_that_the_open_case_is_saved_from_memory_when_its_folder_is_gone(
    opened: Session, paint: Paint, tmp_path: Path, qtbot: QtBot
) -> None:
    paint(opened, 10, 10, 10, 60, value=1)
    shutil.rmtree(opened.project.path)
    paint(opened, 30, 10, 30, 60, value=0)
    qtbot.waitUntil(lambda: opened.saver.trouble is not None, timeout=10_000)
    painted = opened.labels.values.copy()
    elsewhere = tmp_path / "other disk"
    elsewhere.mkdir()
    new = save_elsewhere(opened, elsewhere, qtbot)
    assert np.array_equal(read_labels(new, opened.case.case)[0].values, painted)
    with Project.open(new, read_only=True) as stored:
        assert [case.source.path.name for case in stored.cases] == ["disc_0.png", "disc_1.png"]


def test_that_a_second_full_disk_changes_nothing(
    opened: Session, paint: Paint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    old, notices = opened.project.path, []
    opened.notice.connect(lambda text, level: notices.append((text, level)))
    with monkeypatch.context() as disk:
        fill_up(tmp_path, disk)
        paint(opened, 10, 10, 10, 60, value=1)
        opened.save_as.begin(tmp_path)
        qtbot.waitUntil(lambda: any(text.startswith("Not saved elsewhere: ") for text, _ in notices), timeout=10_000)
    assert opened.project.path == old
    opened.saver.save_now()
    qtbot.waitUntil(lambda: opened.saver.trouble is None and not opened.saver.busy, timeout=10_000)
    assert read_labels(old, opened.case.case)[1] == 1
