"""The learning panel: the state of learning in one sentence, a few numbers and two curves; pause, continue, start afresh."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from unetstudio.ui import learning_sentences
from unetstudio.ui.panels.advanced import Advanced
from unetstudio.ui.panels.chart import Chart
from unetstudio.ui.panels.confirmation import Confirmation
from unetstudio.ui.panels.elided_button import ElidedButton
from unetstudio.ui.panels.fold import Fold
from unetstudio.ui.panels.learning_numbers import LearningNumbers
from unetstudio.ui.panels.score_bars import ScoreBars
from unetstudio.ui.panels.text import label
from unetstudio.ui.resources import icon
from unetstudio.ui.session import Session

REFRESH = 250
"""Milliseconds between two drawings of the curves: training reports more often than an eye can follow."""

MOST_LOSSES = 4000
"""Number of the newest losses drawn as a curve: after a night of training there are hundreds of thousands."""


class LearningPanel(QWidget):
    """Shows `session.learning`; nothing is drawn while the panel is folded away."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("learning_panel")
        self._session = session
        self._learning = session.learning
        self._asking = False  # whether "Start afresh" waits for its confirmation
        self.sentence = label(role="sentence", name="learning_sentence")
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.numbers = LearningNumbers()
        self.device = label(role="small", name="learning_device")
        self.score_chart = Chart(
            "Score on strokes it has not seen",
            "The curve begins with the second score.",
            name="score_chart",
            limits=(0.0, 1.0),
            filled=True,
        )
        self.loss_chart = Chart("Training loss", "", name="loss_chart")
        self.bars = ScoreBars(name="score_bars")
        self.pause_button = QPushButton()
        self.pause_button.setObjectName("pause_learning")
        self.afresh_button = QPushButton(icon("restart"), "Start afresh")
        self.afresh_button.setObjectName("start_afresh")
        self.afresh_button.setToolTip("Forget what was learned and begin again")
        self.network_button = ElidedButton()
        self.network_button.setObjectName("choose_network")
        self.network_button.setToolTip("What other networks there are, what they are for, and what they cost on this computer")
        self.augmentation_button = QPushButton("Augmentation …")
        self.augmentation_button.setObjectName("choose_augmentation")
        self.augmentation_button.setToolTip("How the image is varied for learning: presets, sliders, and samples to look at")
        question = "Forget what was learned? Your strokes and the checkpoints on disk stay."
        self.confirm = Confirmation(question, "Forget and start", name="confirm_afresh")
        self.advanced = Advanced(session.learning, session.networks)
        self._due = QTimer(self, singleShot=True, interval=REFRESH)
        self._due.timeout.connect(self._draw)
        self._lay_out()

        for button in (self.pause_button, self.afresh_button, self.network_button, self.augmentation_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.pause_button.clicked.connect(self._pause_or_go_on)
        self.afresh_button.clicked.connect(lambda: self._ask_afresh(True))
        self.confirm.answered.connect(self._take_answer)
        self.network_button.clicked.connect(self._choose_network)
        self.augmentation_button.clicked.connect(self._choose_augmentation)
        session.networks.changed.connect(self._show_network)
        self._learning.settings_changed.connect(self._show_network)
        self._learning.changed.connect(self._show_state)
        self._learning.step_done.connect(self._draw_soon)
        self._learning.round_done.connect(self._draw_soon)
        self._learning.restarted.connect(self._draw_soon)
        session.classes_changed.connect(self._draw_soon)
        self._show_network()
        self._show_state()
        self._draw()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._reserve_lines()
        self._show_state()
        self._draw()

    def _lay_out(self) -> None:
        self.buttons = QWidget()
        row = QHBoxLayout(self.buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.pause_button, 1)
        row.addWidget(self.afresh_button, 1)
        choices = QHBoxLayout()
        choices.setSpacing(8)
        choices.addWidget(self.network_button, 1)
        choices.addWidget(self.augmentation_button)
        column_layout = QVBoxLayout(self)
        column_layout.setContentsMargins(0, 0, 0, 0)
        column_layout.setSpacing(8)
        column_layout.addWidget(self.sentence)
        column_layout.addWidget(self.numbers)
        column_layout.addWidget(self.device)
        for part in (self.score_chart, self.bars, self.loss_chart, self.buttons, self.confirm):
            column_layout.addWidget(part)
        column_layout.addLayout(choices)
        column_layout.addWidget(Fold("Advanced", self.advanced, name="advanced_fold"))

    def _ask_afresh(self, asking: bool) -> None:
        self._asking = asking
        self._show_what_matters()

    def _show_what_matters(self) -> None:
        """Show only the sentence before learning has begun, and the buttons where there is something to stop.

        All else appears when learning begins, and at once, so that nothing moves under the pointer later.
        """
        state = self._learning.state
        begun = state.phase == "training" or state.step > 0 or bool(state.checkpoint) or bool(self._learning.rounds)
        stoppable = begun or state.phase in ("paused", "failed")
        for part, seen in (
            (self.numbers, begun),
            (self.score_chart, begun),
            (self.bars, begun),
            (self.loss_chart, begun),
            (self.buttons, stoppable and not self._asking),
            (self.confirm, stoppable and self._asking),
        ):
            part.setVisible(seen)

    def _take_answer(self, go_ahead: bool) -> None:
        self._ask_afresh(False)
        if go_ahead:
            self._learning.start_afresh()

    def _choose_network(self) -> None:
        from unetstudio.ui.network_dialog import NetworkDialog

        dialog = NetworkDialog(self._session, self.window())
        dialog.finished.connect(self.window().activateWindow)
        dialog.open()

    def _choose_augmentation(self) -> None:
        from unetstudio.ui.augmentation_dialog import AugmentationDialog

        dialog = AugmentationDialog(self._session, self.window())
        dialog.finished.connect(self.window().activateWindow)
        dialog.open()

    def _show_network(self) -> None:
        worker_is_up = bool(self._session.networks.choices)
        title = self._session.networks.title(self._learning.settings.network)
        self.network_button.setText(f"Network: {title} …" if worker_is_up else "Network …")
        self.network_button.setEnabled(worker_is_up and not self._session.read_only)

    def _pause_or_go_on(self) -> None:
        if self._learning.state.phase in ("paused", "failed"):
            self._learning.resume()
        else:
            self._learning.pause()

    def _show_state(self) -> None:
        state = self._learning.state
        self.sentence.setText(state.sentence)
        self.sentence.setAccessibleName(state.sentence)
        self.sentence.setToolTip(learning_sentences.explanation(self._title, state.basis, guessed=state.guessed))
        if self.sentence.property("phase") != state.phase:
            self.sentence.setProperty("phase", state.phase)  # the style sheet colours failures
            self.sentence.style().unpolish(self.sentence)
            self.sentence.style().polish(self.sentence)
        self.numbers.show_state(state)
        self.device.setText(" on ".join(filter(None, (self._session.networks.title(state.network), state.device))))
        self.device.setVisible(bool(self.device.text()))
        stopped = state.phase in ("paused", "failed")
        self.pause_button.setText("Continue" if stopped else "Pause")
        self.pause_button.setIcon(icon("play" if stopped else "pause"))
        self.pause_button.setToolTip("Go on learning" if stopped else "Stop learning for now; predictions are still made")
        self.pause_button.setEnabled(state.phase != "starting")
        self.afresh_button.setEnabled(state.step > 0 or bool(state.checkpoint))
        self._show_what_matters()
        self.advanced.refresh()
        self._draw_soon()

    def _draw_soon(self) -> None:
        if self.isVisible() and not self._due.isActive():
            self._due.start()

    def _draw(self) -> None:
        """Draw numbers, curves and bars of the current state."""
        self.numbers.show_state(self._learning.state)
        rounds = [(done.seconds, done.score) for done in self._learning.rounds if done.score is not None]
        self.score_chart.show_points(rounds)
        losses = self._learning.losses
        self.loss_chart.show_points(losses[:: len(losses) // MOST_LOSSES + 1])
        state = self._learning.state
        self.bars.show_scores(list(self._session.classes), state.class_scores, state.shares, self._title)

    @property
    def _title(self) -> str:
        """The network in use, or the chosen one before it has begun."""
        return self._session.networks.title(self._learning.state.network or self._learning.settings.network)

    def _reserve_lines(self) -> None:
        """Keep room for two lines of the sentence, so that a longer one moves nothing below it."""
        self.sentence.ensurePolished()  # the style sheet sets the size of its letters
        self.sentence.setMinimumHeight(2 * self.sentence.fontMetrics().lineSpacing())
