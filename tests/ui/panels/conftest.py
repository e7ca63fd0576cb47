"""A session with a picture of three classes open, without a project on disk and without a learner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from unetstudio.data.case import Case, Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.data.history import History
from unetstudio.data.labels import LabelMap
from unetstudio.data.palette import colours
from unetstudio.data.scan import Scan
from unetstudio.ui.session import Session


def put(session: Session, scan: Scan) -> None:
    """Puts a scan with empty labels into the session as its open case."""
    case = Case(scan.name, scan.name, Source(Path(f"{scan.name}.tif")), "0" * 64, scan.shape, scan.channels, scan.kind, scan.geometry)
    labels = LabelMap.unlabelled(scan.shape)
    session.cases = (*session.cases, case)
    session.case, session.scan, session.labels = case, scan, labels
    session._sequence[case.id] = 0
    session.annotation.open(case.id, scan.voxels, labels, History())
    session.review.open(case, scan.voxels, labels, None)
    session.cases_changed.emit()
    session.case_opened.emit(case.id)


@pytest.fixture
def session(qtbot: QtBot) -> Iterator[Session]:
    """Classes background (0), nucleus (1) and membrane (2); a 16-bit picture of 40 x 60 pixels of 0.5 µm."""
    made = Session()
    made.classes = ClassTable.named(["background", "nucleus", "membrane"], colours(3))
    made.annotation.set_classes(made.classes)
    made.annotation.set_active_class(1)
    voxels = np.arange(40 * 60, dtype=np.uint16).reshape(1, 1, 40, 60) * 10
    put(made, Scan(voxels, Geometry((0.0005, 0.0005, 0.0005)), "picture", "TIFF"))
    yield made
    made.shut_down()


@pytest.fixture
def lay_open(session: Session) -> Callable[[Scan], None]:
    """Opens another scan in the session."""
    return partial(put, session)


@pytest.fixture
def on_screen(qtbot: QtBot) -> Iterator[Callable[[QWidget], None]]:
    """Shows a panel as the window does: inside a column that scrolls."""
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
