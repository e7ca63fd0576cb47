"""The learning panel."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QStyleOptionButton, QWidget
from pytestqt.qtbot import QtBot

from unetstudio.training.events import RoundDone, StepDone, TrainingStarted
from unetstudio.ui.panels.learning import LearningPanel
from unetstudio.ui.session import Session
from unetstudio.worker.messages import JobFailed, NetworkChoice, TrainingWaits, WorkerReady


@pytest.fixture
def panel(qtbot: QtBot, session: Session) -> LearningPanel:
    made = LearningPanel(session)
    qtbot.addWidget(made)
    made.resize(280, 800)
    return made


def learn(session: Session, rounds: int = 2) -> None:
    session.worker.event_received.emit(WorkerReady(1, "CPU, 2 cores", (NetworkChoice("unet", "U-Net", "", (2, 3)),)))
    session.learning.take(TrainingStarted("unet", 2, 1_900_000, (128, 128), 4, "CPU", 0, {"patch": "128 px: strokes are <small>"}))
    for number in range(1, rounds + 1):
        session.learning.take(StepDone(number * 10, 1 / number, number * 5.0))
        session.learning.take(RoundDone(number, number * 10, 0.3, 0.7, {1: 0.7}, number * 5.0, 5.0, "held-out strokes"))


def test_that_the_sentence_is_the_learners_own(panel: LearningPanel, session: Session) -> None:
    session.learning.take(TrainingWaits("Paint a second class to begin."))
    assert panel.sentence.text() == "Paint a second class to begin."


def test_that_steps_rounds_and_pace_are_shown(panel: LearningPanel, session: Session) -> None:
    learn(session)
    assert [panel.numbers.labels[name].text() for name in ("step", "round", "pace", "seconds")] == ["20", "2", "5.0 s", "10 s"]
    assert panel.device.text() == "U-Net on CPU, 2 cores"


def test_that_the_curve_grows_while_the_panel_is_seen(
    qtbot: QtBot, on_screen: Callable[[QWidget], None], panel: LearningPanel, session: Session
) -> None:
    on_screen(panel)
    learn(session, 3)
    qtbot.waitUntil(lambda: len(panel.score_chart.points) == 3)
    assert len(panel.loss_chart.points) == 3


def test_that_a_panel_unfolded_later_shows_the_whole_curve(qtbot: QtBot, session: Session) -> None:
    learn(session, 5)
    panel = LearningPanel(session)
    qtbot.addWidget(panel)
    assert len(panel.score_chart.points) == 5
    assert panel.bars.accessibleDescription().startswith("background not scored yet, nucleus 0.70")


def test_that_pause_becomes_continue(qtbot: QtBot, panel: LearningPanel, session: Session) -> None:
    learn(session)
    qtbot.mouseClick(panel.pause_button, Qt.MouseButton.LeftButton)
    assert session.learning.state.phase == "paused"
    assert panel.pause_button.text() == "Continue"
    qtbot.mouseClick(panel.pause_button, Qt.MouseButton.LeftButton)
    assert session.learning.state.phase != "paused"


def test_that_the_name_of_a_network_makes_the_panel_no_wider(panel: LearningPanel, session: Session) -> None:
    learn(session)
    width = panel.minimumSizeHint().width()
    names = NetworkChoice("unet", "A residual network with a name of its own", "", (2, 3))
    session.worker.event_received.emit(WorkerReady(1, "CPU, 2 cores", (names,)))
    assert panel.network_button.text() == "Network: A residual network with a name of its own …"
    assert panel.minimumSizeHint().width() == width
    option = QStyleOptionButton()
    panel.network_button.resize(120, 30)
    panel.network_button.initStyleOption(option)
    assert option.text.startswith("Network: A") and option.text.endswith("…")
    assert panel.network_button.fontMetrics().horizontalAdvance(option.text) <= 120


def test_that_starting_afresh_asks_in_place_first(qtbot: QtBot, panel: LearningPanel, session: Session) -> None:
    learn(session)
    qtbot.mouseClick(panel.afresh_button, Qt.MouseButton.LeftButton)
    assert not panel.confirm.isHidden()
    assert session.learning.state.step == 20
    qtbot.mouseClick(panel.findChild(QPushButton, "confirm_afresh_yes"), Qt.MouseButton.LeftButton)
    assert session.learning.state.step == 0
    assert panel.confirm.isHidden()


def test_that_cancel_keeps_what_was_learned(qtbot: QtBot, panel: LearningPanel, session: Session) -> None:
    learn(session)
    qtbot.mouseClick(panel.afresh_button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.findChild(QPushButton, "confirm_afresh_no"), Qt.MouseButton.LeftButton)
    assert session.learning.state.step == 20
    assert not panel.buttons.isHidden()


def test_that_the_networks_of_the_worker_are_offered(panel: LearningPanel, session: Session) -> None:
    choices = (NetworkChoice("unet", "U-Net", "", (2, 3)), NetworkChoice("fcn", "FCN", "", (2,)))
    session.worker.event_received.emit(WorkerReady(1, "CPU, 2 cores", choices))
    network = panel.advanced.form.network
    assert [network.itemText(place) for place in range(network.count())] == ["U-Net", "FCN"]
    assert panel.network_button.text() == "Network: U-Net …"


def test_that_a_failure_is_marked(panel: LearningPanel, session: Session) -> None:
    session.learning.take(JobFailed("training", "The graphics card has too little memory."))
    assert panel.sentence.property("phase") == "failed"
    assert panel.pause_button.text() == "Continue"


def test_that_other_settings_are_applied_only_when_asked(qtbot: QtBot, panel: LearningPanel, session: Session) -> None:
    advanced = panel.advanced
    assert not advanced.apply_button.isEnabled()
    advanced.form.spins["base"].setValue(24)
    assert session.learning.settings.base == 0
    qtbot.mouseClick(advanced.apply_button, Qt.MouseButton.LeftButton)
    assert session.learning.settings.base == 24
    assert not advanced.apply_button.isEnabled()


def test_that_settings_being_edited_survive_the_learners_news(panel: LearningPanel, session: Session) -> None:
    panel.advanced.form.spins["base"].setValue(24)
    learn(session)
    assert panel.advanced.form.spins["base"].value() == 24


def test_that_settings_of_another_project_are_shown(panel: LearningPanel, session: Session) -> None:
    session.learning.settings = replace(session.learning.settings, depth=5)
    session.learning.settings_changed.emit()
    assert panel.advanced.form.spins["depth"].value() == 5


def test_that_the_plan_is_shown_with_its_reasons_as_plain_words(panel: LearningPanel, session: Session) -> None:
    learn(session)
    assert "128 px: strokes are &lt;small&gt;" in panel.advanced.plan.text()


def test_that_only_the_sentence_is_shown_before_learning_begins(panel: LearningPanel, session: Session) -> None:
    assert panel.numbers.isHidden()
    assert panel.score_chart.isHidden()
    assert panel.buttons.isHidden()
    learn(session)
    assert not panel.numbers.isHidden()
    assert not panel.buttons.isHidden()
