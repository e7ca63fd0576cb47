"""Odd images in the real window: opened, painted with the mouse, learned from and predicted, without a warning from Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import nibabel
import numpy as np
import pytest
import tifffile
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from unetstudio.data.labels import UNLABELLED
from unetstudio.settings import TrainingSettings
from unetstudio.ui.canvas.canvas import Canvas
from unetstudio.ui.main_window import MainWindow
from unetstudio.ui.preferences import Preferences
from unetstudio.ui.session import Session
from unetstudio.ui.theme import Appearance

SMALL = TrainingSettings(base=4, depth=2, patch=32, batch=2, device="cpu", threads=1, round_seconds=0.3)


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[MainWindow]:
    """Shown, with a learner of its own once a case is open."""
    preferences = Preferences(tmp_path / "preferences.json")
    appearance = Appearance(qapp, preferences)
    made = MainWindow(Session(), appearance, preferences)
    made.resize(1280, 800)
    with qtbot.waitExposed(made):
        made.show()
    yield made
    made.close()
    made.deleteLater()
    appearance.setParent(None)
    qapp.setStyleSheet("")


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, shape, np.uint8)


def with_nan() -> np.ndarray:
    picture = noise(30, 40).astype(np.float32)
    picture[10:20] = np.nan
    picture[0, 0] = np.inf
    return picture


ODD: dict[str, Callable[[Path], object]] = {
    "one_pixel.png": lambda path: cv2.imwrite(str(path), noise(1, 1)),
    "one_row.png": lambda path: cv2.imwrite(str(path), noise(1, 700)),
    "one_column.png": lambda path: cv2.imwrite(str(path), noise(700, 1)),
    "constant.png": lambda path: cv2.imwrite(str(path), np.full((30, 40), 7, np.uint8)),
    "black.tif": lambda path: tifffile.imwrite(path, np.zeros((30, 40), np.uint16)),
    "nan.tif": lambda path: tifffile.imwrite(path, with_nan()),
    "huge_values.tif": lambda path: tifffile.imwrite(path, noise(30, 40).astype(np.float32) * 1e30),
    "one_slice.nii": lambda path: nibabel.save(nibabel.Nifti1Image(noise(30, 40, 1), np.eye(4)), path),
    "thin.nii": lambda path: nibabel.save(nibabel.Nifti1Image(noise(1, 40, 30), np.diag([1.0, 5.0, 1.0, 1.0])), path),
}


@pytest.mark.parametrize("name", ODD)
def test_that_an_odd_image_is_opened_and_painted_with_the_mouse(window: MainWindow, qtbot: QtBot, tmp_path: Path, name: str) -> None:
    window.session.start_worker = lambda: None  # type: ignore[method-assign]
    (tmp_path / "images").mkdir()
    ODD[name](tmp_path / "images" / name)
    told: list[str] = []
    window.session.notice.connect(lambda text, level: told.append(text))
    with qtbot.waitSignal(window.session.case_opened, timeout=10_000):
        window.session.open_paths([tmp_path / "images" / name])
    canvas = window.findChild(Canvas)
    assert canvas is not None
    qtbot.waitUntil(canvas.isVisible, timeout=10_000)
    middle = canvas.rect().center()
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseMove(canvas, middle)
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=middle)
    assert window.session.labels is not None
    assert (window.session.labels.values != UNLABELLED).any()
    assert not canvas.grab().toImage().isNull()
    for key in (Qt.Key.Key_Plus, Qt.Key.Key_Minus, Qt.Key.Key_0, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
        qtbot.keyClick(canvas, key)
    window.session.annotation.undo()
    assert (window.session.labels.values == UNLABELLED).all()
    qtbot.waitUntil(lambda: not window.session.saver.busy, timeout=10_000)
    assert told == []


def test_that_images_of_one_pixel_are_learned_from_and_predicted_in_the_window(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    session = window.session
    (tmp_path / "images").mkdir()
    for number in range(2):
        cv2.imwrite(str(tmp_path / "images" / f"{number}.png"), np.full((1, 1), 50 + 100 * number, np.uint8))
    session.open_paths([tmp_path / "images"])
    qtbot.waitUntil(lambda: len(session.cases) == 2 and session.case is not None, timeout=10_000)
    session.learning.set_settings(SMALL)
    canvas = window.findChild(Canvas)
    assert canvas is not None
    qtbot.waitUntil(canvas.isVisible, timeout=10_000)
    session.annotation.set_active_class(0)
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=canvas.rect().center())
    with qtbot.waitSignal(session.case_opened, timeout=10_000):
        session.case_opener.step(+1)
    session.annotation.set_active_class(1)
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=canvas.rect().center())
    assert session.labels is not None
    assert session.labels.values.tolist() == [[[1]]]
    qtbot.waitUntil(lambda: session.review.segmentation is not None, timeout=60_000)
    assert session.review.segmentation.tolist() == [[[1]]]
    assert session.learning.state.phase == "training"
