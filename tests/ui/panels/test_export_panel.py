"""The export panel: its choices, and its report of an export; the written files are tested with the whole program."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QLabel, QWidget
from ui.laid_open import clear

from unetstudio.data.case import ReviewState
from unetstudio.data.geometry import Geometry
from unetstudio.data.scan import Scan
from unetstudio.formats import FORMATS
from unetstudio.ui.panels.export import ExportPanel
from unetstudio.ui.panels.export_form import ACCEPTED, OPEN_CASE
from unetstudio.ui.panels.format_choice import GROUPS
from unetstudio.ui.preferences import Preferences
from unetstudio.ui.session import Session
from unetstudio.ui.task import Task
from unetstudio.workspace.export_plan import writers

LayOpen = Callable[[Scan], None]


@pytest.fixture
def panel(on_screen: Callable[[QWidget], None], session: Session, tmp_path: Path) -> ExportPanel:
    made = ExportPanel(session, session.export_run, Preferences(tmp_path / "preferences.json"))
    made.form.folder.setText(str(tmp_path / "out"))
    on_screen(made)
    return made


def test_that_pictures_are_exported_as_png_by_default(panel: ExportPanel) -> None:
    assert panel.form.chosen_formats() == ["png"]


def test_that_volumes_go_out_as_nifti(panel: ExportPanel, session: Session, lay_open: LayOpen) -> None:
    clear(session)
    lay_open(volume())
    assert panel.form.chosen_formats() == ["nifti"]
    assert not panel.form.formats["png"].isEnabled()


def test_that_a_choice_by_hand_stays(panel: ExportPanel, session: Session) -> None:
    panel.form.formats["tiff"].click()
    session.cases_changed.emit()
    assert set(panel.form.chosen_formats()) == {"png", "tiff"}


def volume() -> Scan:
    return Scan(np.zeros((1, 4, 8, 8), np.int16), Geometry((2.0, 1.0, 1.0)), "volume")


def test_that_a_format_that_suits_no_case_is_grey_and_says_why(panel: ExportPanel, session: Session, lay_open: LayOpen) -> None:
    lay_open(volume())
    png = panel.form.formats["png"]
    assert png.isEnabled() and "suits 1 of the 2 cases" in png.toolTip()
    panel.form.cases.setCurrentIndex(panel.form.cases.findData(OPEN_CASE))
    assert not png.isEnabled() and png.toolTip() == "PNG holds single slices, and the chosen cases are volumes."
    assert panel.form.chosen_formats() == ["nifti"]


def test_that_what_the_receiver_sees_is_said_of_the_format_ticked_last(panel: ExportPanel) -> None:
    said = panel.form.format_choice.sentence
    assert said.text() == FORMATS["png"].receivers
    panel.form.formats["geojson"].click()
    assert said.text() == FORMATS["geojson"].receivers and not said.isHidden()
    panel.form.formats["geojson"].click()
    assert said.text() == FORMATS["png"].receivers
    panel.form.formats["png"].click()
    assert said.isHidden()


def test_that_cases_that_no_ticked_format_holds_are_told_before(panel: ExportPanel, lay_open: LayOpen) -> None:
    panel.form.formats["tiff"].click()
    panel.form.formats["tiff"].click()
    lay_open(volume())
    assert "1 of the cases cannot be saved so and will be NIfTI." in panel.form.format_choice.sentence.text()


def test_that_other_formats_are_folded_in_groups_and_named_when_ticked(panel: ExportPanel) -> None:
    choice = panel.form.format_choice
    assert {name for name, _ in writers()} == set(panel.form.formats)
    coco = panel.form.formats["coco"]
    assert not coco.isVisible() and choice.more.button.text() == "More formats"
    choice.more.button.click()
    assert coco.isVisible() and not panel.form.formats["png"].isHidden()
    coco.click()
    assert choice.more.button.text() == "More formats (COCO)"
    groups = [one.text() for one in choice.more.body.findChildren(QLabel)]
    assert groups == [group for group in GROUPS if group in groups] and "Annotations" in groups and "For training elsewhere" in groups


def test_that_nothing_widens_the_panel(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FORMATS["tiff"], "title", "A format with a rather long title")
    monkeypatch.setattr(FORMATS["tiff"], "identifies", True)
    monkeypatch.setattr("unetstudio.ui.panels.format_choice.likely_suits", lambda *_: True)
    form = ExportPanel(session, session.export_run, Preferences(tmp_path / "preferences.json")).form
    form.offer_formats()
    for check in form.formats.values():
        check.click()
    form.format_choice.identity.click()
    form.format_choice.more.button.click()
    form.resize(280, 900)
    form.grab()
    assert form.minimumSizeHint().width() <= 280
    tiff, nifti = form.formats["tiff"], form.formats["nifti"]
    assert tiff.geometry().top() != form.formats["png"].geometry().top() and nifti.geometry().left() == tiff.geometry().left()


def test_that_the_formats_of_a_project_are_remembered(panel: ExportPanel, session: Session) -> None:
    panel.form.formats["geojson"].click()
    panel.form.formats["png"].click()
    again = ExportPanel(session, session.export_run, panel.form._preferences)
    again.form.offer_formats()
    assert again.form.chosen_formats() == ["geojson"]
    again.deleteLater()


def test_that_the_patient_is_copied_only_when_ticked_and_this_is_said_before(
    panel: ExportPanel, monkeypatch: pytest.MonkeyPatch, session: Session
) -> None:
    choice = panel.form.format_choice
    assert choice.identity.isHidden() and not panel.form.choice().identified
    monkeypatch.setattr(FORMATS["geojson"], "identifies", True)
    monkeypatch.setattr("unetstudio.ui.panels.format_choice.likely_suits", lambda *_: True)
    panel.form.formats["geojson"].click()
    assert not choice.identity.isHidden() and not panel.form.choice().identified and choice.warning.isHidden()
    choice.identity.click()
    assert panel.form.choice().identified and "name the patient" in choice.warning.text() and not choice.warning.isHidden()
    panel.form.formats["geojson"].click()
    assert not panel.form.choice().identified and choice.warning.isHidden()
    panel.form.formats["geojson"].click()
    session.project_opened.emit()
    assert not choice.identity.isChecked()


def test_that_formats_of_dicom_say_that_they_need_dicom(panel: ExportPanel, monkeypatch: pytest.MonkeyPatch, session: Session) -> None:
    monkeypatch.setattr(FORMATS["hdf5"], "identifies", True)
    session.cases_changed.emit()
    assert "none of the chosen cases is one" in panel.form.formats["hdf5"].toolTip() and not panel.form.formats["hdf5"].isEnabled()


def test_that_only_accepted_and_corrected_cases_are_chosen(panel: ExportPanel, session: Session, lay_open: LayOpen) -> None:
    lay_open(Scan(np.zeros((1, 1, 8, 8), np.uint8), name="second"))
    session.review.set_state(ReviewState.CORRECTED)
    panel.form.cases.setCurrentIndex(panel.form.cases.findData(ACCEPTED))
    assert panel.form.chosen_cases() == [session.case.id] != [session.cases[0].id]


def test_that_nothing_can_be_exported_when_no_case_is_accepted(panel: ExportPanel, session: Session) -> None:
    panel.form.cases.setCurrentIndex(panel.form.cases.findData(ACCEPTED))
    assert panel.form.chosen_cases() == []
    assert not panel.export_button.isEnabled()


def test_that_the_open_case_alone_can_go_out(panel: ExportPanel, session: Session) -> None:
    panel.form.cases.setCurrentIndex(panel.form.cases.findData(OPEN_CASE))
    assert panel.form.chosen_cases() == [session.case.id]
    assert panel.export_button.isEnabled()


def test_that_something_must_be_ticked(panel: ExportPanel) -> None:
    for check in (panel.form.formats["png"], panel.form.pictures, panel.form.table):
        assert panel.export_button.isEnabled()
        check.click()
    assert not panel.export_button.isEnabled()


def test_that_the_research_use_line_stands_there(panel: ExportPanel) -> None:
    assert panel.findChild(QLabel, "research_use").text() == "Research use only. Not a medical device."


def begin(panel: ExportPanel, tmp_path: Path) -> Task:
    """Begin an export into "out", as the session does."""
    task = Task("Exporting")
    panel.show_task(task, tmp_path / "out")
    return task


def test_that_progress_and_result_are_shown(panel: ExportPanel, tmp_path: Path) -> None:
    task = begin(panel, tmp_path)
    assert (panel.bar.isHidden(), panel.bar.maximum(), panel.export_button.isEnabled()) == (False, 0, False)
    task.progress(1, 3)
    assert (panel.bar.value(), panel.bar.maximum(), panel.result.isHidden()) == (1, 3, True)
    task.finish()
    assert panel.result.text() == "Exported to “out”." and panel.result.property("role") == "good"
    assert panel.bar.isHidden() and panel.export_button.isEnabled() and not panel.open_button.isHidden()


def test_that_notices_about_something_else_are_none_of_the_exports(panel: ExportPanel, session: Session, tmp_path: Path) -> None:
    task = begin(panel, tmp_path)
    session.notice.emit("The learner ended unexpectedly.", "error")
    session.tasks.begin("Opening images").fail("No such file.")
    assert panel.result.isHidden() and not panel.bar.isHidden()
    task.finish()
    assert panel.result.text() == "Exported to “out”."


def test_that_what_was_left_out_is_counted(panel: ExportPanel, tmp_path: Path) -> None:
    task = begin(panel, tmp_path)
    for name in "abc":
        task.problem(f"{name}.png cannot be read.")
    task.finish()
    assert panel.result.text() == "Exported to “out”. a.png cannot be read. (2 more were left out.)"
    assert panel.result.property("role") == "warning" and not panel.open_button.isHidden()


def test_that_a_failed_export_says_why_in_place(panel: ExportPanel, tmp_path: Path) -> None:
    begin(panel, tmp_path).fail("out: the folder cannot be written to; choose another.")
    assert panel.result.text() == "out: the folder cannot be written to; choose another."
    assert panel.result.property("role") == "bad"
    assert panel.open_button.isHidden() and panel.export_button.isEnabled()


def test_that_an_export_that_was_refused_at_once_says_why(panel: ExportPanel, tmp_path: Path) -> None:
    task = Task("Exporting")
    task.fail("Nothing was exported: some strokes are not saved yet.")
    panel.show_task(task, tmp_path / "out")
    assert panel.result.text() == "Nothing was exported: some strokes are not saved yet." and panel.bar.isHidden()


def test_that_a_stopped_export_does_not_count_as_done(panel: ExportPanel, tmp_path: Path) -> None:
    begin(panel, tmp_path).stop()
    assert panel.result.text() == "The export was stopped." and panel.open_button.isHidden()
