"""The export panel's choices; that files are really written is tested with the whole program."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QLabel, QWidget

from unetstudio.data.case import ReviewState
from unetstudio.data.geometry import Geometry
from unetstudio.data.scan import Scan
from unetstudio.ui.panels.export import ACCEPTED, OPEN_CASE, ExportPanel
from unetstudio.ui.session import Session

LayOpen = Callable[[Scan], None]


@pytest.fixture
def panel(on_screen: Callable[[QWidget], None], session: Session, tmp_path: Path) -> ExportPanel:
    made = ExportPanel(session)
    made.folder.setText(str(tmp_path / "out"))
    on_screen(made)
    return made


def test_that_pictures_go_out_as_png_unless_told_otherwise(panel: ExportPanel) -> None:
    assert panel.chosen_formats() == ["png"]


def test_that_volumes_go_out_as_nifti(panel: ExportPanel, session: Session, lay_open: LayOpen) -> None:
    session.cases = ()
    lay_open(Scan(np.zeros((1, 4, 8, 8), np.int16), Geometry((2.0, 1.0, 1.0)), "volume"))
    assert panel.chosen_formats() == ["nifti"]
    assert not panel.formats["png"].isEnabled()


def test_that_a_choice_by_hand_stays(panel: ExportPanel, session: Session) -> None:
    panel.formats["tiff"].click()
    session.cases_changed.emit()
    assert set(panel.chosen_formats()) == {"png", "tiff"}


def test_that_only_accepted_and_corrected_cases_are_chosen(panel: ExportPanel, session: Session, lay_open: LayOpen) -> None:
    lay_open(Scan(np.zeros((1, 1, 8, 8), np.uint8), name="second"))
    session.review.set_state(ReviewState.CORRECTED)
    panel.cases.setCurrentIndex(panel.cases.findData(ACCEPTED))
    assert panel.chosen_cases() == ["second"]


def test_that_nothing_can_be_exported_when_no_case_is_accepted(panel: ExportPanel, session: Session) -> None:
    panel.cases.setCurrentIndex(panel.cases.findData(ACCEPTED))
    assert panel.chosen_cases() == []
    assert not panel.export_button.isEnabled()


def test_that_the_open_case_alone_can_go_out(panel: ExportPanel) -> None:
    panel.cases.setCurrentIndex(panel.cases.findData(OPEN_CASE))
    assert panel.chosen_cases() == ["picture"]
    assert panel.export_button.isEnabled()


def test_that_something_must_be_ticked(panel: ExportPanel) -> None:
    for check in (panel.formats["png"], panel.pictures, panel.table):
        assert panel.export_button.isEnabled()
        check.click()
    assert not panel.export_button.isEnabled()


def test_that_the_research_use_line_stands_there(panel: ExportPanel) -> None:
    assert panel.findChild(QLabel, "research_use").text() == "Research use only. Not a medical device."


def test_that_the_result_is_told(panel: ExportPanel, session: Session) -> None:
    """The reports are those that the session sends; here no project is there to be written."""
    panel.export()
    for done, total in ((0, 0), (1, 3), (1, 1)):
        session.progress.emit("Exporting", done, total)
    assert panel.result.text() == "Exported to “out”."
    assert not panel.open_button.isHidden()


def test_that_progress_of_something_else_is_none_of_the_exports(panel: ExportPanel, session: Session) -> None:
    panel.export()
    session.progress.emit("Opening images", 1, 1)
    assert panel.result.isHidden()
    assert not panel.bar.isHidden()


def test_that_a_refused_export_says_why_in_place(panel: ExportPanel, session: Session) -> None:
    panel.export()
    session.notice.emit("out: the folder cannot be written to; choose another.", "error")
    session.progress.emit("Exporting", 1, 1)
    assert panel.result.text() == "out: the folder cannot be written to; choose another."
    assert panel.result.property("role") == "bad"
    assert panel.open_button.isHidden()
