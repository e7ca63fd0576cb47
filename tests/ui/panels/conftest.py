"""Fixtures of the panel tests: a session without a learner, with a picture of three classes open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QScrollArea, QWidget
from pytestqt.qtbot import QtBot
from ui.laid_open import lay_open, without_learner

from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.data.palette import colours
from unetstudio.data.scan import Scan
from unetstudio.ui.session import Session


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path) -> Iterator[Session]:
    """A session with classes background (0), nucleus (1) and membrane (2); a 16-bit picture of 40 x 60 pixels of 0.5 µm."""
    classes = ClassTable.named(["background", "nucleus", "membrane"], colours(3))
    made = without_learner(tmp_path / "panels.unetstudio", classes)
    voxels = np.arange(40 * 60, dtype=np.uint16).reshape(1, 1, 40, 60) * 10
    lay_open(made, Scan(voxels, Geometry((0.0005, 0.0005, 0.0005)), "picture", "TIFF"))
    yield made
    made.shut_down()


@pytest.fixture(name="lay_open")
def open_another(session: Session) -> Callable[[Scan], None]:
    """Open another scan in the session."""
    return partial(lay_open, session)


@pytest.fixture
def on_screen(qtbot: QtBot) -> Iterator[Callable[[QWidget], None]]:
    """Show a panel as the window does: inside a column that scrolls."""
    columns: list[QScrollArea] = []  # pytest-qt alone does not keep them alive

    def show(panel: QWidget) -> None:
        column = QScrollArea()
        columns.append(column)
        qtbot.addWidget(column)
        column.setWidgetResizable(True)
        column.setWidget(panel)
        column.resize(316, 700)
        column.show()
        qtbot.waitExposed(column)

    yield show
