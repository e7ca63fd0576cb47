"""L1 and L5: ten thousand cases in a project, ten thousand strokes in a journal. Times are told in the figures and never asserted."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from faults.story import CLASSES, NAME, dab, state
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from unetstudio.data.case import Case, ReviewState, Source
from unetstudio.data.geometry import Geometry
from unetstudio.data.labels import LabelMap
from unetstudio.formats import sha256_of
from unetstudio.project import store as stores
from unetstudio.project.case_changes import changed
from unetstudio.project.project import Project
from unetstudio.project.record import Kind
from unetstudio.project.replay import history
from unetstudio.project.store import LabelStore
from unetstudio.ui.panels.cases import CasesPanel
from unetstudio.ui.session import Session

BAR = 2.0
"""Seconds for opening and for replaying."""
FRAME = 0.016


def since(began: float) -> float:
    """Seconds."""
    return time.perf_counter() - began


@pytest.fixture
def crowd(quick: Path, long: bool) -> Path:
    """A project whose images, all the same small picture, lie beside it."""
    count = 10_000 if long else 2_000
    images = quick / "images"
    images.mkdir()
    first = images / "picture 00000.png"
    cv2.imwrite(str(first), np.random.default_rng(0).integers(0, 255, (48, 64), np.uint8))
    digest = sha256_of(Source(first))
    cases = []
    for number in range(count):
        path = images / f"picture {number:05}.png"
        if number:
            os.link(first, path)
        cases.append(Case(f"{number:016x}", path.stem, Source(path), digest, (1, 48, 64), 1, "PNG", Geometry()))
    with Project.create(quick / NAME, CLASSES) as project:
        project.update(cases=tuple(cases))
        project.save()
    return quick / NAME


def test_that_a_project_of_many_cases_opens_and_saves(crowd: Path, figure: Callable[..., None]):
    began = time.perf_counter()
    project = Project.open(crowd)
    opened, count = since(began), len(project.cases)
    project.update(cases=changed(project.cases, project.cases[count // 2].id, review=ReviewState.ACCEPTED))
    project.save()  # encodes every line for the first time
    project.update(cases=changed(project.cases, project.cases[count // 3].id, review=ReviewState.ACCEPTED))
    began = time.perf_counter()
    project.save()
    saved = since(began)
    project.close()
    figure(
        "L1", f"open a project of {count:,} cases", bar="within 2 s", n=1, good=int(opened <= BAR),
        note=f"{opened:.2f} s; saving the list in the background {1000 * saved:.0f} ms", folder=crowd,
    )  # fmt: skip
    with Project.open(crowd, read_only=True) as again:
        assert sum(case.review is ReviewState.ACCEPTED for case in again.cases) == 2


@pytest.mark.qt_log_ignore("propagateSizeHints")  # of the offscreen screen
def test_that_a_window_shows_a_project_of_many_cases_and_its_list_scrolls(
    crowd: Path, qtbot: QtBot, qapp: QApplication, figure: Callable[..., None]
):
    session = Session()
    session.start_worker = lambda: None  # type: ignore[method-assign]  # learning is another story
    panel = CasesPanel(session)
    qtbot.addWidget(panel)
    panel.resize(200, 800)
    panel.show()
    began = time.perf_counter()
    session.open_paths([crowd])
    qtbot.waitUntil(lambda: session.case is not None and panel.model.rowCount() > 0, timeout=60_000)
    shown, count, frames = since(began), panel.model.rowCount(), []
    bar = panel.list.verticalScrollBar()
    for place in np.linspace(0, bar.maximum(), 200).astype(int):
        began = time.perf_counter()
        bar.setValue(int(place))
        panel.list.viewport().repaint()
        qapp.processEvents()
        frames.append(since(began))
    good = sum(frame <= FRAME for frame in frames)
    session.shut_down()
    figure(
        "L1", f"a window opens a project of {count:,} cases and shows the first", bar="within 2 s", n=1, good=int(shown <= BAR),
        note=f"{shown:.2f} s", folder=crowd,
    )  # fmt: skip
    figure(
        "L1", f"frames while the list of {count:,} cases is scrolled from end to end", bar="16 ms each", n=len(frames), good=good,
        note=f"median {1000 * float(np.median(frames)):.1f} ms, slowest {1000 * max(frames):.0f} ms", folder=crowd,
    )  # fmt: skip
    assert count >= 2_000 and bar.maximum() > 1_000


def test_that_a_long_journal_without_a_generation_is_replayed(
    quick: Path, monkeypatch: pytest.MonkeyPatch, figure: Callable[..., None], long: bool
):
    monkeypatch.setattr(stores, "STROKES", 10**6)  # no generation comes in between
    shape, count = (1, 512, 512), 10_000 if long else 500
    store, labels = LabelStore(quick / "cases" / "0123456789abcdef"), LabelMap.unlabelled(shape)
    for number in range(count):
        store.append(Kind.EDIT, dab(labels, number, 24))
    began = time.perf_counter()
    loaded = LabelStore(quick / "cases" / "0123456789abcdef").load(shape)
    replayed = since(began)
    began = time.perf_counter()
    steps = history(loaded.history)
    undo = since(began)
    size = sum(path.stat().st_size for path in (quick / "cases").rglob("*.journal"))
    figure(
        "L5", f"replay {count:,} strokes that no generation holds", bar="within 2 s", n=1, good=int(replayed <= BAR),
        note=f"{replayed:.2f} s, {size / 1e6:.1f} MB; undo of {len(steps):,} strokes back in {undo:.2f} s", folder=quick,
    )  # fmt: skip
    assert np.array_equal(state(loaded.labels), state(labels)) and loaded.sequence == count
