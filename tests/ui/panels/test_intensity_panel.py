"""The image panel."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot
from ui.laid_open import clear

from unetstudio.data.geometry import Geometry
from unetstudio.data.scan import Scan
from unetstudio.ui.panels.intensity import IntensityPanel
from unetstudio.ui.session import Session

LayOpen = Callable[[Scan], None]


@pytest.fixture
def panel(qtbot: QtBot, session: Session) -> IntensityPanel:
    made = IntensityPanel(session, session.display)
    qtbot.addWidget(made)
    return made


def click(qtbot: QtBot, panel: IntensityPanel, name: str) -> None:
    qtbot.mouseClick(panel.findChild(QPushButton, name), Qt.MouseButton.LeftButton)


def test_that_the_image_is_described_in_words(panel: IntensityPanel) -> None:
    assert panel.image_size.text() == "60 × 40, 16 bit"
    assert panel.spacing.text() == "TIFF · 0.5 µm/px"


def test_that_full_range_runs_from_the_lowest_to_the_highest_value(qtbot: QtBot, panel: IntensityPanel, session: Session) -> None:
    click(qtbot, panel, "window_full")
    assert session.display.options.window == (0.0, 23990.0)
    assert panel.high.value() == 23990


def test_that_automatic_lets_go_of_a_chosen_window(qtbot: QtBot, panel: IntensityPanel, session: Session) -> None:
    session.display.show(replace(session.display.options, window=(10.0, 20.0)))
    assert (panel.low.value(), panel.high.value()) == (10, 20)
    click(qtbot, panel, "window_auto")
    assert session.display.options.window is None
    assert panel.high.value() > 20_000


def test_that_a_number_typed_becomes_the_window(panel: IntensityPanel, session: Session) -> None:
    panel.low.setValue(500)
    assert session.display.options.window[0] == 500


def test_that_an_empty_window_is_not_taken(panel: IntensityPanel, session: Session) -> None:
    session.display.show(replace(session.display.options, window=(10.0, 20.0)))
    panel.low.setValue(30)
    assert session.display.options.window == (10.0, 20.0)
    assert panel.low.value() == 10


def test_that_dragging_the_slider_sets_the_window(panel: IntensityPanel, session: Session) -> None:
    panel.slider.changed.emit(100.0, 200.0)
    assert session.display.options.window == (100.0, 200.0)


def test_that_ct_windows_are_offered_for_ct_alone(qtbot: QtBot, panel: IntensityPanel, session: Session, lay_open: LayOpen) -> None:
    assert panel.presets.isHidden()
    voxels = np.linspace(-1000, 2000, 3 * 20 * 20).astype(np.int16).reshape(1, 3, 20, 20)
    lay_open(Scan(voxels, Geometry((2.0, 0.8, 0.8)), "chest", "DICOM CT", unit="HU"))
    assert not panel.presets.isHidden()
    assert panel.low.suffix() == " HU"
    click(qtbot, panel, "preset_brain")
    assert session.display.options.window == (0.0, 80.0)


def test_that_inverting_changes_the_display_alone(panel: IntensityPanel, session: Session) -> None:
    panel.invert.click()
    assert session.display.options.inverted
    assert panel.slider.inverted


def test_that_fractions_are_shown_with_enough_decimals(panel: IntensityPanel, session: Session, lay_open: LayOpen) -> None:
    lay_open(Scan(np.linspace(0, 0.02, 400, dtype=np.float32).reshape(1, 1, 20, 20), name="float"))
    session.display.show(replace(session.display.options, window=(0.001, 0.0125)))
    assert panel.high.value() == 0.0125
    assert panel.spacing.text() == "pixel size unknown"


def test_that_tiny_activities_have_their_unit_and_enough_decimals(panel: IntensityPanel, session: Session, lay_open: LayOpen) -> None:
    lay_open(Scan(np.linspace(0, 2e-8, 400, dtype=np.float32).reshape(1, 1, 20, 20), name="activity", unit="Bq/ml"))
    session.display.show(replace(session.display.options, window=(1e-9, 1.25e-8)))
    assert panel.high.value() == pytest.approx(1.25e-8)
    assert panel.high.suffix() == " Bq/ml"
    assert panel.presets.isHidden()


def test_that_no_image_is_said(panel: IntensityPanel, session: Session) -> None:
    session.close_project()
    assert panel.image_size.text() == "No image is open."
    assert not panel.isEnabled()


def test_that_full_range_brightens_a_dark_photograph(qtbot: QtBot, panel: IntensityPanel, session: Session, lay_open: LayOpen) -> None:
    clear(session)
    lay_open(Scan(np.linspace(0, 40, 1200).astype(np.uint8).reshape(3, 1, 20, 20), name="dark", kind="PNG"))
    click(qtbot, panel, "window_full")
    assert session.display.options.window == (0.0, 40.0)
