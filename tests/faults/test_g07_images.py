"""G7: the images of a project are only read, whatever is done in the window."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from unetstudio.data.case import ReviewState
from unetstudio.tools.tool import Pointer
from unetstudio.ui.session import Session
from unetstudio.workspace.export import ExportChoice


@pytest.fixture
def session(qapp: object) -> Iterator[Session]:
    """Without a learner's process, which has no way to write images either."""
    made = Session()
    made.start_worker = lambda: None  # type: ignore[method-assign]
    yield made
    made.shut_down()


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    """Grey pictures in four formats."""
    folder = tmp_path / "images"
    folder.mkdir()
    picture = np.random.default_rng(0).integers(0, 255, (80, 96), np.uint8)
    paths = [folder / f"picture{number}.{suffix}" for number, suffix in enumerate(("png", "tif", "bmp", "pgm"))]
    for path in paths:
        cv2.imwrite(str(path), picture)
        picture = picture[::-1].copy()
    return paths


def state(path: Path) -> tuple[str, int, int, int]:
    """All that a program could change of a file."""
    found = path.stat()
    return hashlib.sha256(path.read_bytes()).hexdigest(), found.st_mtime_ns, found.st_mode, found.st_ino


def test_that_no_image_is_changed_by_anything_the_window_does(
    session: Session, images: list[Path], tmp_path: Path, qtbot: QtBot, figure: Callable[..., None]
) -> None:
    before = [state(path) for path in images]
    session.open_paths([images[0].parent])
    qtbot.waitUntil(lambda: len(session.cases) == len(images) and session.case is not None, timeout=20_000)
    for case in session.cases:
        session.case_opener.open(case.id)
        qtbot.waitUntil(lambda case=case: session.case is not None and session.case.id == case.id, timeout=10_000)
        session.annotation.press(Pointer(20, 10))
        session.annotation.move(Pointer(20, 60))
        session.annotation.release()
        session.review.set_state(ReviewState.ACCEPTED)
        session.display.show(replace(session.display.options, window=(10.0, 90.0)))
    mask = tmp_path / f"{images[0].stem}.png"
    cv2.imwrite(str(mask), np.ones((80, 96), np.uint8))
    session.mask_import.begin([mask])
    qtbot.waitUntil(lambda: not session.tasks.running, timeout=20_000)
    for folder in (tmp_path / "exported", images[0].parent):  # the second beside the images themselves
        qtbot.waitUntil(lambda: not session.saver.busy, timeout=10_000)
        session.export_run.begin(folder, ExportChoice("labels", ("png",)), [case.id for case in session.cases])
        qtbot.waitUntil(lambda: not session.tasks.running, timeout=20_000)
    with qtbot.waitSignal(session.project_opened, timeout=20_000):
        session.save_as.begin(tmp_path)
    qtbot.waitUntil(lambda: session.case is not None, timeout=10_000)
    session.change(lambda project: project.cases.remove(session.cases[-1].id))
    session.close_project()
    qtbot.waitUntil(lambda: not session.saver.busy, timeout=10_000)
    same = [state(path) == old for path, old in zip(images, before, strict=True)]
    figure(
        "G7",
        "images after opening, painting, judging, importing, exporting beside them, saving elsewhere, removing",
        bar="bytes, time and rights as before",
        n=len(images),
        good=sum(same),
    )
    assert all(same)
