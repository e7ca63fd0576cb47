"""The review panel."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox
from pytestqt.qtbot import QtBot

from unetstudio.data.case import ReviewState
from unetstudio.data.region import Region
from unetstudio.inference.events import TilePredicted
from unetstudio.ui.panels.review import ReviewPanel
from unetstudio.ui.session import Session


@pytest.fixture
def panel(qtbot: QtBot, session: Session) -> ReviewPanel:
    made = ReviewPanel(session)
    qtbot.addWidget(made)
    return made


def predict(qtbot: QtBot, session: Session) -> None:
    """Predict a nucleus of 100 pixels and a speck of 4 in the background."""
    probabilities = np.zeros((3, *session.scan.shape), np.uint8)
    probabilities[0] = 255
    for rows, columns in ((slice(5, 15), slice(5, 15)), (slice(30, 32), slice(50, 52))):
        probabilities[0, 0, rows, columns], probabilities[1, 0, rows, columns] = 0, 255
    whole = Region.whole(session.scan.shape)
    with qtbot.waitSignal(session.review.reports_changed):
        session.review.take(TilePredicted(session.case.id, whole, probabilities, (0, 1, 2), "c", 1, 1))


def choose(box: object, value: object) -> None:
    box.setCurrentIndex(box.findData(value))
    box.activated.emit(box.currentIndex())


def test_that_nothing_can_be_accepted_before_a_prediction(panel: ReviewPanel) -> None:
    assert not panel.accept_all.isEnabled()
    assert not panel.accept_class.isEnabled()


def test_that_accepting_all_writes_labels_that_undo_takes_back(qtbot: QtBot, panel: ReviewPanel, session: Session) -> None:
    predict(qtbot, session)
    qtbot.mouseClick(panel.accept_all, Qt.MouseButton.LeftButton)
    assert np.count_nonzero(session.labels.values == 1) == 104
    session.annotation.undo()
    assert session.labels.annotated == 0


def test_that_only_the_active_class_is_accepted(qtbot: QtBot, panel: ReviewPanel, session: Session) -> None:
    predict(qtbot, session)
    assert panel.accept_class.text() == "Accept only nucleus"
    qtbot.mouseClick(panel.accept_class, Qt.MouseButton.LeftButton)
    assert session.labels.annotated == 104


def test_that_a_step_switched_on_reports_what_it_removed(qtbot: QtBot, panel: ReviewPanel, session: Session) -> None:
    predict(qtbot, session)
    block = panel.clean_up.blocks[1]
    with qtbot.waitSignal(session.review.reports_changed):
        block.switch.setChecked(True)
    assert session.review.steps[1].enabled
    assert "1 island" in block.report.text()
    assert not block.form.isHidden()


def test_that_a_dragged_slider_asks_once_at_its_end(qtbot: QtBot, panel: ReviewPanel, session: Session) -> None:
    changes: list[object] = []
    session.review.steps_changed.connect(lambda: changes.append(session.review.steps))
    editor = panel.clean_up.blocks[0].form.editors["probability"]
    for percent in (55, 60, 65, 70):
        editor.box.setValue(percent / 100)
    qtbot.waitUntil(lambda: bool(changes))
    assert len(changes) == 1
    assert session.review.steps[0].probability == pytest.approx(0.70)


def test_that_steps_of_another_project_are_shown(panel: ReviewPanel, session: Session) -> None:
    steps = list(session.review.steps)
    steps[2] = replace(steps[2], enabled=True)
    session.review.set_steps(tuple(steps))
    assert panel.clean_up.blocks[2].switch.isChecked()


def test_that_steps_in_another_order_rebuild_the_blocks(panel: ReviewPanel, session: Session) -> None:
    session.review.set_steps(tuple(reversed(session.review.steps)))
    assert [block.step for block in panel.clean_up.blocks] == list(session.review.steps)


def test_that_the_probability_view_offers_its_class(panel: ReviewPanel, session: Session) -> None:
    assert panel.overlay.of_class.isHidden()
    choose(panel.overlay.mode, "probability")
    assert session.display.options.overlay == "probability"
    assert not panel.overlay.of_class.isHidden()
    choose(panel.overlay.of_class, 2)
    assert session.display.options.probability_class == 2


def test_that_opacity_set_by_the_wheel_moves_the_slider(panel: ReviewPanel, session: Session) -> None:
    session.display.show(replace(session.display.options, overlay_opacity=0.8))
    assert panel.overlay.overlay_opacity.value() == 80


def test_that_the_sliders_set_opacity(panel: ReviewPanel, session: Session) -> None:
    panel.overlay.label_opacity.setValue(25)
    assert session.display.options.label_opacity == 0.25


def test_that_outlines_are_chosen(qtbot: QtBot, panel: ReviewPanel, session: Session) -> None:
    qtbot.mouseClick(panel.overlay.style_choice.buttons[True], Qt.MouseButton.LeftButton)
    assert session.display.options.outline
    session.display.show(replace(session.display.options, outline=False))
    assert panel.overlay.style_choice.value is False


def test_that_removed_voxels_can_be_shown(panel: ReviewPanel, session: Session) -> None:
    panel.findChild(QCheckBox, "show_removed").click()
    assert session.display.options.show_removed


def test_that_a_case_is_judged_and_the_judgement_taken_back(qtbot: QtBot, panel: ReviewPanel, session: Session) -> None:
    for expected in (ReviewState.REJECTED, ReviewState.UNREVIEWED):
        qtbot.mouseClick(panel.states.buttons[ReviewState.REJECTED], Qt.MouseButton.LeftButton)
        assert session.case.case.review == expected
    assert panel.unreviewed_left.text() == "1 of 1 not reviewed yet."


def test_that_a_judgement_by_key_is_shown(panel: ReviewPanel, session: Session) -> None:
    session.review.set_state(ReviewState.ACCEPTED)
    assert panel.states.value == ReviewState.ACCEPTED
    assert panel.unreviewed_left.text() == "Every case has been reviewed."


def test_that_the_probability_of_a_removed_class_gives_way_to_the_active_one(panel: ReviewPanel, session: Session) -> None:
    session.display.show(replace(session.display.options, probability_class=2))
    session.change(lambda project: project.classes.remove(2))
    choose(panel.overlay.mode, "probability")
    assert session.display.options.probability_class == 1
    assert panel.overlay.of_class.currentText() == "nucleus"
