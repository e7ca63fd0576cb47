"""U1: the window answers while one paints, a U-Net learns, cases change and labels are exported. Times are told, not judged."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from unetstudio.tools.tool import Pointer
from unetstudio.ui.main_window import MainWindow
from unetstudio.ui.pauses import Pause, Pauses
from unetstudio.ui.preferences import Preferences
from unetstudio.ui.session import Session
from unetstudio.ui.theme import Appearance
from unetstudio.ui.watchdog import GAP, Watchdog
from unetstudio.workspace.export import ExportChoice

SIDE = 1024
MOVES = 40
"""Moves of the pointer in one stroke, one each 15 ms."""
STEP = 45
"""Most voxels that the pointer moves at a time on each axis: a quick hand."""


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[MainWindow]:
    """On two pictures, its learner at work."""
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(2):
        picture = np.random.default_rng(number).integers(0, 255, (SIDE, SIDE), np.uint8)
        cv2.imwrite(str(folder / f"picture{number}.png"), cv2.GaussianBlur(picture, (0, 0), 9))
    preferences = Preferences()
    appearance, session = Appearance(qapp, preferences), Session()
    made = MainWindow(session, appearance, preferences)
    made.show()
    with qtbot.waitSignal(session.case_opened, timeout=30_000):
        session.open_paths([folder])
    qtbot.waitUntil(lambda: len(session.cases) == 2, timeout=30_000)
    yield made
    made.close()
    made.deleteLater()
    appearance.setParent(None)
    qapp.setStyleSheet("")


class Painter:
    """A hand that wanders over the picture, in turns of two classes, now and then undoing and changing the case."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.strokes = self._moves = 0
        self._rng = np.random.default_rng(0)
        self._at = np.array([SIDE / 2, SIDE / 2])
        self._timer = QTimer(session, interval=15)
        self._timer.timeout.connect(self._move)
        self._timer.start()

    def stop(self) -> None:
        """Lifts the pen."""
        self._timer.stop()
        self._session.annotation.end()

    def _move(self) -> None:
        self._at = np.clip(self._at + self._rng.uniform(-STEP, STEP, 2), 0, SIDE - 1)
        annotation, at = self._session.annotation, Pointer(*self._at)
        if self._session.labels is None:
            return
        self._moves += 1
        if not annotation.stroke_active:
            annotation.set_active_class(self.strokes % 2)
            annotation.press(at)
        elif self._moves % MOVES:
            annotation.move(at)
        else:
            annotation.release()
            self.strokes += 1
            if self.strokes % 7 == 0:
                annotation.undo()
            if self.strokes % 25 == 0:
                self._session.case_opener.step(+1 if self.strokes % 50 else -1)


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_that_the_window_is_watched_through_a_day(
    window: MainWindow, tmp_path: Path, long: bool, qtbot: QtBot, figure: Callable[..., None]
) -> None:
    session, pauses, log = window.session, list[Pause](), Pauses(tmp_path / "pauses.jsonl")
    watchdog = Watchdog(log)
    watchdog.paused.connect(pauses.append)
    qtbot.waitUntil(lambda: bool(session.learning.state.device), timeout=60_000)
    watchdog.start()
    painter, seconds = Painter(session), 300 if long else 4
    end = time.monotonic() + seconds
    qtbot.waitUntil(lambda: time.monotonic() > end, timeout=seconds * 2_000)
    export = session.export_run.begin(tmp_path / "exported", ExportChoice("labels", ("png",)), [case.id for case in session.cases])
    qtbot.waitUntil(lambda: not export.running, timeout=60_000)
    painter.stop()
    watchdog.stop()
    own = [pause for pause in pauses if not pause.machine]
    longest = max((pause.seconds for pause in own), default=0.0)
    tenths = round(seconds / GAP)
    busy = f"{os.getloadavg()[0]:.0f} processes on {os.cpu_count()} cores" if hasattr(os, "getloadavg") else ""
    note = f"{painter.strokes} strokes, longest pause {longest:.2f} s, {busy}"
    figure(
        "U1",
        "tenths of a second in which the window answered: painting, learning, changing cases, exporting",
        bar="all",
        n=tenths,
        good=tenths - round(sum(pause.seconds for pause in own) / GAP),
        note=note,
    )
    assert painter.strokes > 0
    assert [pause.where for pause in log.all()] == [pause.where for pause in pauses]
    for line in log.as_lines(20):
        sys.stderr.write(line + "\n")
