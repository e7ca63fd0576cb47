"""Fixtures of the window's tests: the real window with twelve pictures; the worker process is not started."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from unetstudio.ui.main_window import MainWindow
from unetstudio.ui.preferences import Preferences
from unetstudio.ui.session import Session
from unetstudio.ui.theme import Appearance


@pytest.fixture
def preferences(tmp_path: Path) -> Preferences:
    """Preferences in the test's folder."""
    return Preferences(tmp_path / "preferences.json")


@pytest.fixture
def appearance(qapp: QApplication, preferences: Preferences) -> Iterator[Appearance]:
    """The light theme; the application's style is reset afterwards."""
    preferences.put("theme", "light")
    made = Appearance(qapp, preferences)
    yield made
    made.setParent(None)
    qapp.setStyleSheet("")


@pytest.fixture
def window(qtbot: QtBot, session: Session, appearance: Appearance, preferences: Preferences) -> Iterator[MainWindow]:
    """The window, shown on its start page."""
    made = MainWindow(session, appearance, preferences)
    made.resize(1280, 800)
    with qtbot.waitExposed(made):
        made.show()
    yield made
    made.close()
    made.deleteLater()


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    """Make twelve small grey pictures."""
    folder = tmp_path / "images"
    folder.mkdir()
    rng = np.random.default_rng(0)
    paths = [folder / f"picture_{n:02}.png" for n in range(12)]
    for path in paths:
        cv2.imwrite(str(path), rng.integers(0, 255, (48, 64), np.uint8))
    return paths


@pytest.fixture
def working(qtbot: QtBot, window: MainWindow, images: list[Path]) -> MainWindow:
    """Show a window with the twelve pictures open and the first one ready to paint."""
    with qtbot.waitSignal(window.session.case_opened, timeout=20_000):
        window.session.open_paths(images)
    qtbot.waitUntil(lambda: len(window.session.cases) == len(images), timeout=20_000)
    return window
