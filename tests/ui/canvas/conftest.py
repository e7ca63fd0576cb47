"""Fixtures of the canvas tests: a real session without a learner, with a picture or a volume open, and its canvas."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QImage, QWheelEvent
from pytestqt.qtbot import QtBot
from ui.laid_open import lay_open, without_learner

from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.data.scan import Scan
from unetstudio.ui.canvas.canvas import Canvas
from unetstudio.ui.session import Session

RED, BLUE = (255, 0, 0), (0, 0, 255)


class Hand:
    """A mouse and wheel on a canvas, at positions in voxels rather than pixels."""

    def __init__(self, qtbot: QtBot, canvas: Canvas) -> None:
        self.qtbot, self.canvas = qtbot, canvas

    def at(self, row: float, column: float) -> QPointF:
        x, y = self.canvas.picture.view.logical(row, column)
        return QPointF(x, y)

    def press(self, row: float, column: float, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
        self.qtbot.mousePress(self.canvas, button, pos=self.at(row, column).toPoint())

    def move(self, row: float, column: float) -> None:
        self.qtbot.mouseMove(self.canvas, self.at(row, column).toPoint())

    def release(self, row: float, column: float, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
        self.qtbot.mouseRelease(self.canvas, button, pos=self.at(row, column).toPoint())

    def drag(self, *way: tuple[float, float], button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
        self.press(*way[0], button)
        for place in way[1:]:
            self.move(*place)
        self.release(*way[-1], button)

    def wheel(self, delta: int, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier, at: QPointF | None = None) -> None:
        at = at or QPointF(self.canvas.rect().center())
        turn = QPointF(delta, 0) if keys & Qt.KeyboardModifier.AltModifier else QPointF(0, delta)
        none = Qt.ScrollPhase.NoScrollPhase
        event = QWheelEvent(at, at, QPoint(), turn.toPoint(), Qt.MouseButton.NoButton, keys, none, False)
        self.canvas.wheelEvent(event)

    def colour(self, row: float, column: float) -> tuple[int, int, int]:
        """Return the colour on the screen at a voxel's middle."""
        self.qtbot.waitExposed(self.canvas)
        image = self.canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        colour = image.pixelColor(self.at(row, column).toPoint())
        return colour.red(), colour.green(), colour.blue()


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path) -> Iterator[Session]:
    """A session with two classes, blue background (0) and red structure (1), and no open case."""
    made = without_learner(tmp_path / "canvas.unetstudio", ClassTable.named(["ground", "thing"], [BLUE, RED]))
    made.annotation.tools.set_options("brush", size=5)
    yield made
    made.shut_down()


@pytest.fixture
def show(qtbot: QtBot, session: Session) -> Callable[[Scan], Hand]:
    """Show a scan on a canvas of 400 x 300 pixels."""

    def shown(scan: Scan) -> Hand:
        lay_open(session, scan, "aaaaaaaa")
        canvas = Canvas(session)
        qtbot.addWidget(canvas)
        canvas.resize(QSize(400, 300))
        canvas.show()
        qtbot.waitExposed(canvas)
        return Hand(qtbot, canvas)

    return shown


@pytest.fixture
def picture(show: Callable[[Scan], Hand]) -> Hand:
    """Make a grey picture of 60 x 80 voxels, without spacing."""
    voxels = np.full((1, 1, 60, 80), 100, np.uint8)
    voxels[0, 0, 0, 0], voxels[0, 0, 0, 1] = 0, 200
    return show(Scan(voxels, window=(0.0, 255.0)))


@pytest.fixture
def volume(show: Callable[[Scan], Hand]) -> Hand:
    """Make a volume of 8 x 30 x 40 voxels, with slices four times as far apart as pixels."""
    voxels = np.arange(8 * 30 * 40, dtype=np.int16).reshape(1, 8, 30, 40) - 500
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2], affine[3, 3] = 4.0, 1.0, 1.0, 1.0
    return show(Scan(voxels, Geometry.from_affine(affine)))


@pytest.fixture
def open_case(session: Session) -> Callable[[Scan, str], None]:
    """Open another case in the session."""
    return partial(lay_open, session)
