"""The learning panel."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication, QPushButton, QStyleOptionButton, QWidget
from pytestqt.qtbot import QtBot

from unetstudio.training.events import QuickGuess, RoundDone, StepDone, TrainingStarted
from unetstudio.ui import learning_sentences
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


def test_that_nothing_moves_once_learning_has_begun(on_screen: Callable[[QWidget], None], panel: LearningPanel, session: Session) -> None:
    on_screen(panel)
    session.worker.event_received.emit(WorkerReady(1, "CPU, 2 cores", (NetworkChoice("unet", "U-Net", "", (2, 3)),)))
    session.learning.take(QuickGuess(2, 300, 0.2))
    places = []
    for number in range(14):
        panel._draw()
        QApplication.processEvents()
        places.append([part.geometry() for part in (panel.buttons, panel.network_button, panel.bars, panel.loss_chart)])
        if number == 1:
            session.learning.take(TrainingStarted("unet", 2, 1_900_000, (128, 128), 4, "CPU", 0, {}))
        elif number > 1:
            session.learning.take(StepDone(number * 10, 1 / number, number * 5.0))
            scores = {} if number < 4 else {1: 0.7}
            shares = dict.fromkeys((0, 1), number / 13)
            session.learning.take(
                RoundDone(number, number * 10, 0.3, scores.get(1), scores, number * 5.0, 5.0, "held-out strokes", shares=shares)
            )
    assert all(place == places[0] for place in places)


@pytest.mark.parametrize("network", ["U-Net", "MultiResUNet", "Attention U-Net", "Residual-encoder U-Net"])
def test_that_what_is_said_of_learning_fits_two_lines(panel: LearningPanel, network: str) -> None:
    done = RoundDone(1, 10, 0.3, 0.7, {1: 0.7}, 5.0, 5.0, "held-out strokes", shares={0: 0.5, 1: 0.5}, strokes=128, uncertainty=0.06)
    rising = [replace(done, score=0.5 + number / 20) for number in range(8)]
    said = [learning_sentences.guessing(network), learning_sentences.finished("budget", 0.8), learning_sentences.finished("settled", 0.8)]
    said += [learning_sentences.paused(learned=True), learning_sentences.paused(learned=False)]
    for event in (done, replace(done, score=None), replace(done, left=4000.0), replace(done, held_out="held-out cases")):
        said += [learning_sentences.running(event, rounds, network) for rounds in ([done], [done] * 8, rising)]
    font = panel.font()
    font.setPointSizeF(11)  # as the style sheet has it
    lines = {
        words: QFontMetrics(font).boundingRect(QRect(0, 0, 276, 900), Qt.TextFlag.TextWordWrap, words).height()
        / QFontMetrics(font).height()
        for words in said
    }
    assert not [words for words, count in lines.items() if count > 2.01]


def test_that_each_class_says_who_predicts_it(panel: LearningPanel, session: Session) -> None:
    learn(session)
    event = RoundDone(3, 30, 0.3, 0.7, {1: 0.7}, 5.0, 5.0, "held-out strokes", shares={0: 0.0, 1: 0.6})
    session.learning.take(event)
    panel._draw()
    hints = [panel.bars.hint_at(row * panel.bars._line + 1).splitlines()[0] for row in range(2)]
    assert hints == ["background not scored yet (U-Net 0 %, quick guess 100 %)", "nucleus 0.70 (U-Net 60 %, quick guess 40 %)"]
    before = panel.bars.grab().toImage()
    session.learning.take(replace(event, shares={0: 0.0, 1: 0.1}))
    panel._draw()
    assert panel.bars.grab().toImage() != before


def test_that_the_sentence_explains_itself(panel: LearningPanel, session: Session) -> None:
    learn(session)
    assert "quick guess" not in panel.sentence.toolTip()
    session.learning.take(QuickGuess(2, 300, 0.2))
    session.learning.take(RoundDone(3, 30, 0.3, 0.7, {1: 0.7}, 5.0, 5.0, "held-out strokes", strokes=5, uncertainty=0.06))
    assert "Estimated from 5 unseen strokes." in panel.sentence.toolTip()
    assert "quick guess" in panel.sentence.toolTip() and "The U-Net learns" in panel.sentence.toolTip()
